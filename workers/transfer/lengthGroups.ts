/**
 * Public texts of different lengths as padded batches, without the dummies that private rows need: here a text's numbers
 * may depend on its company.
 */
import { padded, type Microbatch } from '../task/batches.ts'
import type { Encoded } from '../task/types.ts'

/** A text joins a group whose longest is at most this much longer: an eighth of the group is padding on average. */
const SHORTEST_SHARE = 0.75
/** Bounds the logits of a group, `[rows, V]`. */
const MOST_ROWS = 32

/** Groups of like length, padded on the right; the same list always gives the same groups. */
export function groupByLength(examples: readonly Encoded[]): Microbatch[] {
  const order = examples.map((example, place) => ({ example, place }))
  order.sort((a, b) => b.example.ids.length - a.example.ids.length || a.place - b.place)
  const groups: Microbatch[] = []
  for (let start = 0; start < order.length;) {
    const longest = order[start]?.example.ids.length ?? 0
    let end = start + 1
    while (end < order.length && end - start < MOST_ROWS) {
      if ((order[end]?.example.ids.length ?? 0) < SHORTEST_SHARE * longest) break
      end++
    }
    const places = order.slice(start, end).map(({ place }) => place)
    groups.push({ places, tokens: padded(examples, places, { size: places.length, length: longest }) })
    start = end
  }
  return groups
}
