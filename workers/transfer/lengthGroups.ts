/** Texts of different lengths as padded batches with little padding. */
import type { TokenBatch } from '../model/types.ts'
import { SoftpostError } from '../protocol/errors.ts'
import type { Encoded } from '../task/types.ts'

export type LengthGroup = {
  /** Places of the group's texts in the list that was grouped. */
  readonly places: readonly number[]
  readonly batch: TokenBatch
}

/** A text joins a group whose longest is at most this much longer: an eighth of the group is padding on average. */
const SHORTEST_SHARE = 0.75
/** Bounds the logits of a group, `[rows, V]`. */
const MOST_ROWS = 32

/** Groups of like length, padded on the right; the same list always gives the same groups. */
export function groupByLength(examples: readonly Encoded[]): LengthGroup[] {
  const order = examples.map((example, place) => ({ example, place }))
  order.sort((a, b) => b.example.ids.length - a.example.ids.length || a.place - b.place)
  const groups: LengthGroup[] = []
  for (let start = 0; start < order.length;) {
    const longest = order[start]?.example.ids.length ?? 0
    let end = start + 1
    while (end < order.length && end - start < MOST_ROWS) {
      if ((order[end]?.example.ids.length ?? 0) < SHORTEST_SHARE * longest) break
      end++
    }
    const members = order.slice(start, end)
    groups.push({
      places: members.map(({ place }) => place),
      batch: padRight(
        members.map(({ example }) => example),
        longest,
      ),
    })
    start = end
  }
  return groups
}

/** Which token pads is of no matter: no read position sees it. */
function padRight(examples: readonly Encoded[], length: number): TokenBatch {
  const ids = new Int32Array(examples.length * length)
  const read = new Int32Array(examples.length)
  for (const [row, example] of examples.entries()) {
    ids.set(example.ids, row * length)
    read[row] = readPosition(example)
  }
  return { ids, size: examples.length, length, read }
}

function readPosition({ read }: Encoded): number {
  const [position, ...more] = read
  if (position === undefined || more.length > 0) {
    throw new SoftpostError('internal', `transfer reads one position of each text, this one has ${read.length}`)
  }
  return position
}
