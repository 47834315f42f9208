/**
 * Restored runs whose rows this browser does not know: fingerprints are of one browser, so a backup has none. They count
 * once somebody opens their data file and says so. Until then nothing of theirs may be shown or handed out that the
 * ledger would have to note.
 */
import type { Ledger } from '../../privacy/ledger/ledger.ts'
import { canonical } from '../../privacy/ledger/records.ts'
import { hexOf, type UnitSet } from '../../privacy/ledger/units.ts'
import { SoftpostError } from '../../protocol/errors.ts'
import type { BudgetFile, WaitingFile } from '../../protocol/ledger.ts'
import type { WaitingStore } from '../storage/waitingStore.ts'

export class Waiting {
  readonly #store: WaitingStore
  readonly #ledger: Ledger

  constructor(store: WaitingStore, ledger: Ledger) {
    this.#store = store
    this.#ledger = ledger
  }

  async parts(): Promise<BudgetFile[]> {
    return [...(await this.#store.list()).values()]
  }

  /** By the names of their data files. */
  async files(): Promise<WaitingFile[]> {
    const runs = new Map<string, Set<string>>()
    for (const part of await this.parts()) {
      const own = runs.get(part.dataName) ?? new Set()
      for (const { run } of part.runs) own.add(run.id)
      runs.set(part.dataName, own)
    }
    return Array.from(runs, ([name, ids]) => ({ name, runs: ids.size }))
  }

  /** What the backup said of a run that waits for its data file. */
  async partOf(runId: string): Promise<BudgetFile | undefined> {
    return (await this.parts()).find(({ runs }) => runs.some(({ run }) => run.id === runId))
  }

  /** @throws SoftpostError `rows-unknown` while the run waits for its data file. */
  async requireKnown(runId: string): Promise<void> {
    const part = await this.partOf(runId)
    // A budget file may have told of it meanwhile.
    if (part === undefined || (await this.#ledger.entries()).has(runId)) return
    throw new SoftpostError(
      'rows-unknown',
      `this run came from a backup; open ${part.dataName} on the Data step, then say on the Privacy step that it is the one, so that what its rows have given away is counted here`,
      { data: { file: part.dataName } },
    )
  }

  /**
   * Merges parts of which the ledger knows a run (they are about the same rows), and lets the others wait.
   * @throws SoftpostError `ledger` where one contradicts the ledger.
   */
  async take(parts: readonly BudgetFile[]): Promise<void> {
    const left = await this.#mergeKnown(parts)
    await this.#store.add(new Map(await Promise.all(left.map(async (part) => [await nameOf(part), part] as const))))
  }

  /** Counts what waits for a data file of this name as runs on these units. Returns how many runs were not known. */
  async count(name: string, units: UnitSet): Promise<number> {
    let added = 0
    const own = [...(await this.#store.list())].filter(([, part]) => part.dataName === name)
    for (const [key, part] of own) {
      added += await this.#ledger.restore(part, units)
      await this.#store.remove([key])
    }
    return added
  }

  /** Each part that is merged may make another one known. */
  async #mergeKnown(parts: readonly BudgetFile[]): Promise<readonly BudgetFile[]> {
    const entries = await this.#ledger.entries()
    const known = parts.filter(({ runs }) => runs.some(({ run }) => entries.has(run.id)))
    if (known.length === 0) return parts
    for (const part of known) {
      const run = part.runs.find(({ run }) => entries.has(run.id))?.run.id
      if (run !== undefined) await this.#ledger.restore(part, await this.#ledger.unitsOf(run))
    }
    return await this.#mergeKnown(parts.filter((part) => !known.includes(part)))
  }
}

async function nameOf(part: BudgetFile): Promise<string> {
  return hexOf(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(canonical(part)))))
}
