/**
 * Public texts as token sequences: in random order without end, read and tokenised as they are drawn, some kept apart.
 *
 * What is drawn next follows from the seed and a place alone, so a run that was cut short goes on with the very
 * sequences that it would have drawn.
 */
import * as z from 'zod/mini'
import { seededRandom, shuffled } from '../task/seededRandom.ts'

/** Texts of a file, wherever they are kept. */
export interface TextSource {
  readonly size: number
  /** Null where a row holds no text. */
  read(place: number): Promise<string | null>
}

/** `times`: how often each text counts. */
export type CorpusFile = { readonly source: TextSource; readonly times: number }

export type CorpusOptions = {
  /** Token ids of a text. */
  readonly encode: (text: string) => readonly number[]
  /** Longest sequence; longer texts become several. */
  readonly sequence: number
  readonly seed: number
}

const Count = z.int().check(z.nonnegative())

/** How far the drawing has come: passes over the texts, texts of this pass, and sequences of the text at hand. */
export const CorpusPlace = z.strictObject({ epoch: Count, text: Count, part: Count })
export type CorpusPlace = z.infer<typeof CorpusPlace>

export const CORPUS_START: CorpusPlace = { epoch: 0, text: 0, part: 0 }

export type Drawn = { readonly sequences: readonly Int32Array[]; readonly next: CorpusPlace }

/** One of so many texts is kept apart. */
const HELD_OUT = 100
/** More held-out texts would only cost time. */
const MOST_HELD_OUT = 300
/** A shorter sequence has hardly anything to predict. */
const SHORTEST = 3

export class Corpus {
  readonly #files: readonly CorpusFile[]
  readonly #options: CorpusOptions
  /** Texts of an epoch, each as often as it counts. */
  readonly #size: number
  #order: { readonly epoch: number; readonly texts: Uint32Array } | null = null

  constructor(files: readonly CorpusFile[], options: CorpusOptions) {
    this.#files = files
    this.#options = options
    this.#size = files.reduce((sum, { source, times }) => sum + trainedOn(source.size) * times, 0)
  }

  /** `count` sequences from `place` on; fewer where a whole pass over the texts finds none. */
  async draw(place: CorpusPlace, count: number): Promise<Drawn> {
    const sequences: Int32Array[] = []
    let { epoch, text, part } = place
    let idle = 0
    while (sequences.length < count && idle <= this.#size) {
      if (text >= this.#size) [epoch, text, part] = [epoch + 1, 0, 0]
      const parts = this.#size === 0 ? [] : await this.#sequences(this.#find(this.#orderOf(epoch)[text] ?? 0))
      const taken = parts.slice(part, part + count - sequences.length)
      sequences.push(...taken)
      idle = taken.length > 0 ? 0 : idle + 1
      part += taken.length
      if (part >= parts.length) [text, part] = [text + 1, 0]
    }
    return { sequences, next: { epoch, text, part } }
  }

  /** The texts that are never drawn, or an even choice of them, cut to one sequence each. */
  async heldOut(): Promise<Int32Array[]> {
    const total = this.#files.reduce((sum, { source }) => sum + keptApart(source.size), 0)
    const stride = Math.max(1, Math.ceil(total / MOST_HELD_OUT))
    const sequences: Int32Array[] = []
    let seen = 0
    for (const { source } of this.#files) {
      for (let place = 0; place < source.size; place += HELD_OUT, seen++) {
        if (seen % stride === 0) sequences.push(...(await this.#sequences({ source, place })).slice(0, 1))
      }
    }
    return sequences
  }

  #orderOf(epoch: number): Uint32Array {
    if (this.#order?.epoch !== epoch) {
      // The factor keeps the epochs of neighbouring seeds apart. Source: MurmurHash3's finaliser.
      const random = seededRandom(this.#options.seed ^ Math.imul(epoch, 0x85ebca6b))
      this.#order = { epoch, texts: shuffled(random, this.#size, this.#size) }
    }
    return this.#order.texts
  }

  /** Where the text is that stands at `index` of an epoch before it is shuffled. */
  #find(index: number): { readonly source: TextSource | null; readonly place: number } {
    let left = index
    for (const { source, times } of this.#files) {
      const rows = trainedOn(source.size)
      if (left < rows * times) return { source, place: nthTrainedOn(left % rows) }
      left -= rows * times
    }
    return { source: null, place: 0 }
  }

  async #sequences({ source, place }: { readonly source: TextSource | null; readonly place: number }) {
    const text = (await source?.read(place)) ?? null
    if (text === null) return []
    const { encode, sequence } = this.#options
    const ids = Int32Array.from(encode(text))
    const parts: Int32Array[] = []
    for (let start = 0; start < ids.length; start += sequence) parts.push(ids.slice(start, start + sequence))
    return parts.filter((part) => part.length >= SHORTEST)
  }
}

/** Of a file's texts the first of every {@link HELD_OUT} is kept apart. */
function keptApart(size: number): number {
  return Math.ceil(size / HELD_OUT)
}

function trainedOn(size: number): number {
  return size - keptApart(size)
}

function nthTrainedOn(index: number): number {
  return Math.floor(index / (HELD_OUT - 1)) * HELD_OUT + 1 + (index % (HELD_OUT - 1))
}
