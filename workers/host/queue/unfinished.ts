import { SoftpostError } from '../../protocol/errors.ts'

/**
 * Transfers that are not over, and whose they are: nobody fills queue and disk with them, quota or not. What this host
 * took is exact; what others took and finished is as of the last comparison of queue and files.
 */
export class Unfinished {
  readonly #most: number
  readonly #tenants = new Map<string, string>()

  /** @param most transfers that one tenant may have waiting and running */
  constructor(most: number) {
    this.#most = most
  }

  /** Takes a place for a new transfer. Errors: `busy`. */
  begin(id: string, tenant: string): void {
    let own = 0
    for (const one of this.#tenants.values()) if (one === tenant) own += 1
    if (own >= this.#most) {
      throw new SoftpostError(
        'busy',
        `${own} of your transfers are not finished; wait until some are, or delete some, and send it again`,
      )
    }
    this.#tenants.set(id, tenant)
  }

  /** One that is there, found so. */
  found(id: string, tenant: string): void {
    this.#tenants.set(id, tenant)
  }

  end(id: string): void {
    this.#tenants.delete(id)
  }

  /** Forgets those that are not among `ids`: another host deleted them. */
  keep(ids: ReadonlySet<string>): void {
    for (const id of this.#tenants.keys()) if (!ids.has(id)) this.#tenants.delete(id)
  }
}
