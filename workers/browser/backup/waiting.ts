/**
 * Restored runs whose rows this browser does not know: fingerprints are of one browser, so a backup has none. They count
 * once somebody opens their data file and says so. Until then nothing of theirs may be shown or handed out that the
 * ledger would have to note.
 */
import type { Ledger, RestoredFile } from '../../privacy/ledger/ledger.ts'
import { requireMergeable } from '../../privacy/ledger/merge.ts'
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
   * Merges parts of which the ledger knows a run (they are about the same rows), and lets the others wait; all or none.
   * @throws SoftpostError `ledger` where one contradicts the ledger, another or what waits already.
   */
  async take(parts: readonly BudgetFile[]): Promise<void> {
    requireMergeable([...parts, ...(await this.parts())])
    const { known, left } = await this.#sorted(parts)
    const named = new Map(await Promise.all(left.map(async (part) => [await nameOf(part), part] as const)))
    await this.#ledger.restoreAll(known)
    await this.#store.add(named)
  }

  /** Counts what waits for a data file of this name as runs on these units. Returns how many runs were not known. */
  async count(name: string, units: UnitSet): Promise<number> {
    const own = [...(await this.#store.list())].filter(([, part]) => part.dataName === name)
    const added = await this.#ledger.restoreAll(own.map(([, file]) => ({ file, units })))
    await this.#store.remove(own.map(([key]) => key))
    return added
  }

  /** Each part with a run that is known makes its other runs known to the rest, as runs on its units. */
  async #sorted(parts: readonly BudgetFile[]) {
    const entries = await this.#ledger.entries()
    const units = new Map<string, UnitSet>()
    const known: RestoredFile[] = []
    let left = parts
    let before: number
    do {
      before = known.length
      const others: BudgetFile[] = []
      for (const file of left) {
        const ids = file.runs.map(({ run }) => run.id)
        const id = ids.find((id) => entries.has(id) || units.has(id))
        if (id === undefined) {
          others.push(file)
          continue
        }
        const set = units.get(id) ?? (await this.#ledger.unitsOf(id))
        known.push({ file, units: set })
        for (const own of ids) if (!entries.has(own)) units.set(own, units.get(own) ?? set)
      }
      left = others
    } while (known.length > before)
    return { known, left }
  }
}

async function nameOf(part: BudgetFile): Promise<string> {
  return hexOf(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(canonical(part)))))
}
