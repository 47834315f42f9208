/**
 * Texts of different lengths as padded batches. A text's padded length follows from its own length alone, as does the
 * padded number of its read positions, and a batch of one padded shape always has the same size, filled up with dummies:
 * under differential privacy nothing about an example's numbers may depend on its mates (docs/privacy.md).
 */
import type { TokenBatch } from '../model/types.ts'
import { SoftpostError } from '../protocol/errors.ts'
import type { Encoded } from './types.ts'

export type Microbatch = {
  /** Places of its texts in the list that was split; fewer than `tokens.size` where dummies fill up. */
  readonly places: readonly number[]
  readonly tokens: TokenBatch
  /**
   * Of texts with known answers: the token that should be read at each read position, `[m·R]`; -1 where a position only
   * fills up, and for dummies.
   */
  readonly targets: Int32Array | null
}

export type BatchSizes = {
  /** Positions left beside the prompt: no text is padded beyond them. */
  readonly room: number
  /** Tokens, padding included, that a microbatch should have. */
  readonly tokens: number
  /** Read positions of texts with known answers, whose logits over the whole vocabulary a microbatch may hold; any number if not given. */
  readonly logits?: number
}

/** Padded lengths: steps of 4 up to 32, of 8 up to 64, and so on, so that at most a fifth of a long text is padding. */
function paddedLength(length: number, room: number): number {
  let step = 4
  while (length > step * 8) step *= 2
  return Math.min(Math.ceil(length / step) * step, room)
}

/** Padded numbers of read positions: 1, 2, 3, 4, 6, 8, 12, 16, and so on. */
function paddedReads(reads: number): number {
  let size = 4
  if (reads <= size) return reads
  while (size * 2 < reads) size *= 2
  return reads <= size * 1.5 ? size * 1.5 : size * 2
}

/** Texts of one padded shape: a function of that shape alone. */
function batchSize({ length, reads, answered }: Kind, { tokens, logits = Infinity }: BatchSizes): number {
  const most = answered ? Math.floor(logits / reads) : Infinity
  return Math.max(1, Math.min(Math.floor(tokens / length), most))
}

type Shape = { readonly length: number; readonly reads: number }
/** `answered`: whether its texts have known answers; they never share a microbatch with others. */
type Kind = Shape & { readonly answered: boolean }

/** The same list always gives the same microbatches, in the order of their first text. */
export function microbatches(examples: readonly Encoded[], sizes: BatchSizes): Microbatch[] {
  const byKind = new Map<string, { readonly kind: Kind; readonly places: number[] }>()
  for (const [place, { ids, read, targets }] of examples.entries()) {
    const kind = {
      length: paddedLength(ids.length, sizes.room),
      reads: paddedReads(read.length),
      answered: targets !== undefined,
    }
    const key = JSON.stringify(kind)
    const group = byKind.get(key) ?? { kind, places: [] }
    byKind.set(key, group)
    group.places.push(place)
  }
  const batches: Microbatch[] = []
  for (const { kind, places } of byKind.values()) {
    const size = batchSize(kind, sizes)
    for (let start = 0; start < places.length; start += size) {
      batches.push(padded(examples, places.slice(start, start + size), { size, ...kind }))
    }
  }
  return batches
}

/**
 * Padding is on the right, where no token of the text sees it; of dummies all but one token is padding. A text with fewer
 * read positions than others is read again at its last.
 */
export function padded(
  examples: readonly Encoded[],
  places: readonly number[],
  { size, length, reads }: Shape & { readonly size: number },
): Microbatch {
  const ids = new Int32Array(size * length)
  const lengths = new Int32Array(size).fill(1)
  const read = new Int32Array(size * reads)
  const targets = new Int32Array(size * reads).fill(-1)
  let answered = false
  for (const [row, place] of places.entries()) {
    const example = examples[place]
    const last = example?.read.at(-1)
    if (!example || last === undefined || example.read.length > reads || example.ids.length > length) {
      throw new SoftpostError(
        'internal',
        `microbatches: text ${place} cannot be read at ${reads} positions of ${length}`,
      )
    }
    ids.set(example.ids, row * length)
    lengths[row] = example.ids.length
    read.fill(last, row * reads, (row + 1) * reads)
    read.set(example.read, row * reads)
    if (example.targets === undefined) continue
    targets.set(example.targets, row * reads)
    answered = true
  }
  return { places, tokens: { ids, size, length, lengths, read }, targets: answered ? targets : null }
}
