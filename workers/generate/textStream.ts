/** Tokens as text, as soon as it is certain. */
import type { Tokenizer } from '../model/tokenizer.ts'

/** What a decoder makes of bytes that are no whole character yet. */
const UNFINISHED = /\uFFFD+$/u

export class TextStream {
  readonly #tokenizer: Pick<Tokenizer, 'decode'>
  readonly #ids: number[]
  #given: string

  /** `ids` are those of the text that is gone on from. */
  constructor(tokenizer: Pick<Tokenizer, 'decode'>, ids: readonly number[]) {
    this.#tokenizer = tokenizer
    this.#ids = [...ids]
    this.#given = tokenizer.decode(ids)
  }

  /** All of it so far. */
  get text(): string {
    return this.#tokenizer.decode(this.#ids)
  }

  /** The text that a token adds, '' while its character is not whole. */
  add(id: number): string {
    this.#ids.push(id)
    return this.#give(this.text.replace(UNFINISHED, ''))
  }

  /** What was held back. */
  end(): string {
    return this.#give(this.text)
  }

  #give(text: string): string {
    // A token may change the end of what was given (a decoder that closes up spaces): that is not taken back.
    const added = text.slice(this.#given.length)
    if (text.length > this.#given.length) this.#given = text
    return added
  }
}
