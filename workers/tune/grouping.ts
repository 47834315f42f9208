/** Which rows make a unit of privacy, and which units may be sampled. */
import { SoftpostError } from '../protocol/errors.ts'
import type { TuningRequest } from '../protocol/tuning.ts'
import { DEFAULTS } from './plan.ts'
import type { TuningRows } from './types.ts'

export type Units = {
  /** Units that may be sampled; as many as the plan's N. */
  readonly train: Uint32Array<ArrayBuffer>
  readonly heldOut: Uint32Array<ArrayBuffer>
  /** The rows with which a unit takes part, in the file's order. */
  rowsOf(unit: number): readonly number[]
}

/**
 * Rows are units of their own, or belong to their person. A person takes part with its first `maxRowsPerPerson` rows: a
 * choice that looks at nobody else.
 */
export function unitsOf(
  { heldOut, persons }: Pick<TuningRows, 'heldOut' | 'persons'>,
  maxRowsPerPerson: number | undefined,
): Units {
  if (maxRowsPerPerson === undefined) return { ...sidesOf(heldOut), rowsOf: (unit) => [unit] }
  if (persons === undefined) throw new SoftpostError('internal', 'unitsOf: the rows have no persons')
  const rows: number[][] = []
  const sides: number[] = []
  for (const [row, person] of persons.entries()) {
    const own = (rows[person] ??= [])
    if (own.length < maxRowsPerPerson) own.push(row)
    sides[person] = heldOut[row] ?? 0
  }
  return { ...sidesOf(Uint8Array.from(sides)), rowsOf: (unit) => rows[unit] ?? [] }
}

function sidesOf(heldOut: Uint8Array): Pick<Units, 'train' | 'heldOut'> {
  const units = Uint32Array.from(heldOut, (_, unit) => unit)
  return {
    train: units.filter((unit) => heldOut[unit] === 0),
    heldOut: units.filter((unit) => heldOut[unit] !== 0),
  }
}

/** Units trained on and units held out: public constants of a plan. */
export function countUnits({ train, heldOut }: Units): { readonly trainRows: number; readonly heldOutRows: number } {
  return { trainRows: train.length, heldOutRows: heldOut.length }
}

/**
 * Under DP a file whose rows name persons has persons as its units.
 * @throws SoftpostError `privacy-argument` for a number of rows a person where no unit is one.
 */
export function withUnit(request: TuningRequest, hasPersons: boolean): TuningRequest {
  if (hasPersons && request.budget !== null) {
    return { ...request, maxRowsPerPerson: request.maxRowsPerPerson ?? DEFAULTS.maxRowsPerPerson }
  }
  if (request.maxRowsPerPerson === undefined) return request
  throw new SoftpostError(
    'privacy-argument',
    'rows per person belong to a run with differential privacy on a file with a column of persons; leave the number out',
  )
}
