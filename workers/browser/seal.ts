/**
 * The seal on exact figures. In a run with DP all that is shown of its rows is covered by ε; what is exact stays hidden
 * until somebody lifts the seal. That is noted in the ledger first, for the rows and not for the run alone: whoever has
 * seen exact figures of a file may choose by them in every run on it.
 */
import type { Ledger } from '../privacy/ledger/ledger.ts'
import { SoftpostError } from '../protocol/errors.ts'
import { unitKey } from '../tune/prepare.ts'
import type { Workspace } from './workspace.ts'

/** Whose answers are looked at: a run's prompt, or (null) the model as it is. */
export type Looked = { readonly runId: string; readonly isPrivate: boolean } | null

export class Seal {
  readonly #ledger: Ledger
  readonly #workspace: Workspace

  constructor(ledger: Ledger, workspace: Workspace) {
    this.#ledger = ledger
    this.#workspace = workspace
  }

  async lift(runId: string | null): Promise<void> {
    if (this.#workspace.hasFile) await this.#ledger.markSeen(this.#workspace.fileUnits().units)
    if (runId !== null) await this.#ledger.markSeenOf(runId)
  }

  /** @throws SoftpostError `sealed` before exact figures of a run's rows may be shown. */
  async requireLifted({ runId, isPrivate }: NonNullable<Looked>): Promise<void> {
    if (!isPrivate || (await this.#ledger.seenRuns()).has(runId)) return
    throw new SoftpostError('sealed', 'exact figures of the rows are sealed; lift the seal to see them')
  }

  /** @throws SoftpostError `sealed` where one of the texts is a row whose exact figures are sealed. */
  async requireFor(looked: Looked, texts: readonly string[]): Promise<void> {
    if (looked?.isPrivate === false) return
    const keys = texts.map((text) => unitKey({ text }))
    const found = Math.max(
      await this.#countOfFile(keys),
      looked === null ? 0 : await this.#countOfRun(looked.runId, keys),
    )
    if (found === 0) return
    throw new SoftpostError(
      'sealed',
      `${found === 1 ? 'one of the texts is a row' : `${found} of the texts are rows`} of the file, and what the model says about them is sealed; lift the seal to see it`,
      { data: { texts: found } },
    )
  }

  async #countOfFile(keys: readonly string[]): Promise<number> {
    if (!this.#workspace.hasFile) return 0
    const { units } = this.#workspace.fileUnits()
    return (await this.#ledger.isSeen(units)) ? 0 : await this.#ledger.countShared(keys, { units })
  }

  async #countOfRun(run: string, keys: readonly string[]): Promise<number> {
    return (await this.#ledger.seenRuns()).has(run) ? 0 : await this.#ledger.countShared(keys, { run })
  }
}
