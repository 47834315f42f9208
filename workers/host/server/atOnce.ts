/** How many of a thing may go on at once: in all, and for one tenant, so that nobody takes every place. */
import { SoftpostError } from '../../protocol/errors.ts'

export class AtOnce {
  readonly #what: string
  readonly #limits: { readonly all: number; readonly tenant: number }
  readonly #taken = new Map<string, number>()
  #all = 0

  /** `what` in the plural, for the message. */
  constructor(what: string, limits: { readonly all: number; readonly tenant: number }) {
    this.#what = what
    this.#limits = limits
  }

  /** Takes a place; the result gives it back. Errors: `busy`. */
  enter(tenant: string): () => void {
    const own = this.#taken.get(tenant) ?? 0
    if (this.#all >= this.#limits.all || own >= this.#limits.tenant) {
      throw new SoftpostError('busy', `there are too many ${this.#what}, ${own} of them yours; ask again later`)
    }
    this.#all += 1
    this.#taken.set(tenant, own + 1)
    let left = false
    return () => {
      if (left) return
      left = true
      this.#all -= 1
      const still = (this.#taken.get(tenant) ?? 1) - 1
      if (still === 0) this.#taken.delete(tenant)
      else this.#taken.set(tenant, still)
    }
  }
}
