/** What a certificate may say of several runs together. */
import { PROJECT_RUNS, type ProjectClaim } from '../../protocol/certificate.ts'
import { SoftpostError } from '../../protocol/errors.ts'
import { chargesOf, entryOf, type View } from './reader.ts'
import { composedEpsilon, ruleFor } from './spent.ts'

/**
 * What may be said of runs that somebody declares as one project, with all their planned steps, at the δ of `run`. Only
 * the runs that are named: that other ones share rows with them is private.
 *
 * @throws SoftpostError `ledger` for a run that is not on record, has no DP or protects another unit than `run`.
 */
export function claimOf(view: View, run: string, others: readonly string[]): ProjectClaim {
  const named = new Set([run, ...others])
  for (const id of named) entryOf(view, id)
  const { unit, mechanism } = entryOf(view, run).run
  const entries = [...view.entries.values()].filter((entry) => named.has(entry.run.id))
  const charges = chargesOf(entries.map((entry) => ({ ...entry, isOver: false })))
  if (mechanism === null || charges.length < named.size || entries.some((entry) => entry.run.unit !== unit)) {
    throw new SoftpostError(
      'ledger',
      'the runs of a project have differential privacy and protect the same unit; choose other runs',
    )
  }
  if (charges.length > PROJECT_RUNS) {
    throw new SoftpostError('ledger', `a project has at most ${PROJECT_RUNS} runs, not ${charges.length}`)
  }
  const { delta } = mechanism
  const runs = charges.map(({ mechanism: { sigma, sampleRate, steps, heldOut } }) => ({
    sigma,
    sampleRate,
    steps,
    heldOut,
  }))
  return { epsilon: composedEpsilon(charges, delta), delta, composition: ruleFor(charges), runs }
}
