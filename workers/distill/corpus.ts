/** Public texts as token sequences: in random order without end, tokenised as they are drawn, some kept apart. */
import { seededRandom, drawWithout } from '../task/seededRandom.ts'

export type CorpusOptions = {
  /** Token ids of a text. */
  readonly encode: (text: string) => readonly number[]
  /** Longest sequence; longer texts become several. */
  readonly sequence: number
  readonly seed: number
}

/** One of so many texts is kept apart. */
const HELD_OUT = 100
/** More held-out texts would only cost time. */
const MOST_HELD_OUT = 300
/** A shorter sequence has hardly anything to predict. */
const SHORTEST = 3

/** `times`: how often each text counts. */
export type CorpusFile = { readonly texts: readonly string[]; readonly times: number }

export class Corpus {
  readonly #options: CorpusOptions
  readonly #training: readonly string[]
  readonly #heldOut: readonly string[]
  readonly #random: (bound: number) => number
  #order: number[] = []
  #waiting: Int32Array[] = []

  constructor(files: readonly CorpusFile[], options: CorpusOptions) {
    this.#options = options
    this.#random = seededRandom(options.seed)
    this.#training = files.flatMap(({ texts, times }) => {
      const kept = texts.filter((_, place) => place % HELD_OUT !== 0)
      return Array.from({ length: times }, () => kept).flat()
    })
    this.#heldOut = files.flatMap(({ texts }) => texts.filter((_, place) => place % HELD_OUT === 0))
  }

  draw(count: number): Int32Array[] {
    const drawn: Int32Array[] = []
    let idle = 0
    while (drawn.length < count && idle <= this.#training.length) {
      const sequence = this.#waiting.pop()
      if (sequence) {
        drawn.push(sequence)
        idle = 0
        continue
      }
      if (this.#order.length === 0)
        this.#order = drawWithout(this.#random, this.#training.length, this.#training.length)
      const text = this.#training[this.#order.pop() ?? 0]
      this.#waiting = text === undefined ? [] : this.#sequences(text)
      idle++
    }
    return drawn
  }

  /** The texts that are never drawn, or an even choice of them, cut to one sequence each. */
  heldOut(): Int32Array[] {
    const stride = Math.max(1, Math.ceil(this.#heldOut.length / MOST_HELD_OUT))
    return this.#heldOut.filter((_, place) => place % stride === 0).flatMap((text) => this.#sequences(text).slice(0, 1))
  }

  #sequences(text: string): Int32Array[] {
    const { encode, sequence } = this.#options
    const ids = Int32Array.from(encode(text))
    const parts: Int32Array[] = []
    for (let start = 0; start < ids.length; start += sequence) parts.push(ids.slice(start, start + sequence))
    return parts.filter((part) => part.length >= SHORTEST)
  }
}
