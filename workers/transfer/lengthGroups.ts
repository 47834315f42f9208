/**
 * Public texts of different lengths as padded batches, without the dummies that private rows need: here a text's numbers
 * may depend on its company.
 */
import { onGpu } from '../runtime/wgsl/program.ts'
import { padded, type Microbatch } from '../task/batches.ts'
import type { Encoded } from '../task/types.ts'

/** A text joins a group whose longest is at most this much longer: an eighth of the group is padding on average. */
const SHORTEST_SHARE = 0.75
/** Bounds what a group holds in memory. On a CPU eight texts are as fast as thirty-two and take a third of it. */
const MOST_ROWS = { cpu: 8, gpu: 32 } as const
/** Read positions of a group for each of those rows: their logits are over the whole vocabulary. */
const POSITIONS_PER_ROW = 4

/** Groups of like length, padded on the right; the same list always gives the same groups on a backend. */
export function groupByLength(examples: readonly Encoded[], mostRows = mostRowsHere()): Microbatch[] {
  const order = examples.map((example, place) => ({ example, place }))
  order.sort((a, b) => b.example.ids.length - a.example.ids.length || a.place - b.place)
  const groups: Microbatch[] = []
  for (let start = 0; start < order.length;) {
    const longest = order[start]?.example.ids.length ?? 0
    let reads = order[start]?.example.read.length ?? 1
    let end = start + 1
    while (end < order.length && end - start < mostRows) {
      const next = order[end]?.example
      if (next === undefined || next.ids.length < SHORTEST_SHARE * longest) break
      const withNext = Math.max(reads, next.read.length)
      if ((end - start + 1) * withNext > mostRows * POSITIONS_PER_ROW) break
      reads = withNext
      end++
    }
    const places = order.slice(start, end).map(({ place }) => place)
    groups.push(padded(examples, places, { size: places.length, length: longest, reads }))
    start = end
  }
  return groups
}

function mostRowsHere(): number {
  return onGpu() ? MOST_ROWS.gpu : MOST_ROWS.cpu
}
