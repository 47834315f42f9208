/**
 * Texts of different lengths as padded batches. A text's padded length follows from its own length alone, and a batch
 * of one padded length always has the same size, filled up with dummies: under differential privacy nothing about an
 * example's numbers may depend on its mates (docs/privacy.md).
 */
import type { TokenBatch } from '../model/types.ts'
import { SoftpostError } from '../protocol/errors.ts'
import type { Encoded } from './types.ts'

export type Microbatch = {
  /** Places of its texts in the list that was split; fewer than `tokens.size` where dummies fill up. */
  readonly places: readonly number[]
  readonly tokens: TokenBatch
}

export type BatchSizes = {
  /** Positions left beside the prompt: no text is padded beyond them. */
  readonly room: number
  /** Tokens, padding included, that a microbatch should have. */
  readonly tokens: number
}

/** Padded lengths: steps of 4 up to 32, of 8 up to 64, and so on, so that at most a fifth of a long text is padding. */
function paddedLength(length: number, room: number): number {
  let step = 4
  while (length > step * 8) step *= 2
  return Math.min(Math.ceil(length / step) * step, room)
}

/** Texts of one padded length: a function of that length alone. */
function batchSize(length: number, tokens: number): number {
  return Math.max(1, Math.floor(tokens / length))
}

/** The same list always gives the same microbatches, in the order of their first text. */
export function microbatches(examples: readonly Encoded[], sizes: BatchSizes): Microbatch[] {
  const byLength = new Map<number, number[]>()
  for (const [place, { ids }] of examples.entries()) {
    const length = paddedLength(ids.length, sizes.room)
    const places = byLength.get(length)
    if (places) places.push(place)
    else byLength.set(length, [place])
  }
  const batches: Microbatch[] = []
  for (const [length, places] of byLength) {
    const size = batchSize(length, sizes.tokens)
    for (let start = 0; start < places.length; start += size) {
      const some = places.slice(start, start + size)
      batches.push({ places: some, tokens: padded(examples, some, { size, length }) })
    }
  }
  return batches
}

/** Padding is on the right, where no token of the text sees it; of dummies all but one token is padding. */
export function padded(
  examples: readonly Encoded[],
  places: readonly number[],
  { size, length }: { readonly size: number; readonly length: number },
): TokenBatch {
  const ids = new Int32Array(size * length)
  const lengths = new Int32Array(size).fill(1)
  const read = new Int32Array(size)
  for (const [row, place] of places.entries()) {
    const example = examples[place]
    const [position, ...more] = example?.read ?? []
    if (!example || position === undefined || more.length > 0 || example.ids.length > length) {
      throw new SoftpostError('internal', `microbatches: text ${place} cannot be read at one position of ${length}`)
    }
    ids.set(example.ids, row * length)
    lengths[row] = example.ids.length
    read[row] = position
  }
  return { ids, size, length, lengths, read }
}
