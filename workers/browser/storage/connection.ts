/** One connection to `softpost-work`, asked for again where it was taken away or could not be had. */
import { openWorkDatabase, stored, type WorkDatabase } from './workDatabase.ts'

export class Connection {
  #database: Promise<WorkDatabase> | null = null

  /** @throws SoftpostError `storage`, and what `act` throws. */
  async use<T>(act: (database: WorkDatabase) => Promise<T>): Promise<T> {
    return await stored(async () => await act(await this.#open()))
  }

  async #open(): Promise<WorkDatabase> {
    const forget = () => {
      this.#database = null
    }
    const opening = this.#database ?? openWorkDatabase(forget)
    this.#database = opening
    try {
      return await opening
    } catch (error) {
      forget()
      throw error
    }
  }
}
