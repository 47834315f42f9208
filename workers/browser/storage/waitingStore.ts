/** Parts of restored backups that no figure counts yet, since nobody has opened their data files here. */
import type { BudgetFile } from '../../protocol/ledger.ts'
import { Connection } from './connection.ts'
import { DURABLE } from './schema.ts'

/** Errors of all methods: `storage`. */
export class WaitingStore {
  readonly #connection = new Connection()

  async list(): Promise<ReadonlyMap<string, BudgetFile>> {
    return await this.#connection.use(async (database) => {
      const { store } = database.transaction('waiting')
      const [keys, parts] = await Promise.all([store.getAllKeys(), store.getAll()])
      return new Map(parts.flatMap((part, place) => [[keys[place] ?? '', part] as const]))
    })
  }

  /** @param parts by names that are equal for equal parts. */
  async add(parts: ReadonlyMap<string, BudgetFile>): Promise<void> {
    await this.#connection.use(async (database) => {
      const change = database.transaction('waiting', 'readwrite', DURABLE)
      await Promise.all([...Array.from(parts, ([key, part]) => change.store.put(part, key)), change.done])
    })
  }

  async remove(keys: readonly string[]): Promise<void> {
    await this.#connection.use(async (database) => {
      const change = database.transaction('waiting', 'readwrite', DURABLE)
      await Promise.all([...keys.map((key) => change.store.delete(key)), change.done])
    })
  }
}
