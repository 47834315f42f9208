/** Values that one side pushes and another takes in turn; for one reader. */
export class PushQueue<T> implements AsyncIterable<T> {
  readonly #values: T[] = []
  #end: { readonly error: unknown } | 'done' | null = null
  #wake: () => void = () => undefined

  push(value: T): void {
    this.#values.push(value)
    this.#wake()
  }

  end(): void {
    this.#end ??= 'done'
    this.#wake()
  }

  /** Thrown to the reader behind what was pushed before. */
  fail(error: unknown): void {
    this.#end ??= { error }
    this.#wake()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void> {
    for (;;) {
      yield* this.#values.splice(0)
      if (this.#values.length > 0) continue
      if (this.#end === 'done') return
      if (this.#end !== null) throw this.#end.error
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}
