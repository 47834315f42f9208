import { drawWithout, type PublicRandom } from '../task/seededRandom.ts'

/** Batches without end, epoch after epoch, each in a new order; a batch may span two epochs. */
export function* endlessBatches(random: PublicRandom, size: number, batchSize: number): Generator<number[], never> {
  let order: number[] = []
  for (;;) {
    while (order.length < batchSize) order = order.concat(drawWithout(random, size, size))
    yield order.slice(0, batchSize)
    order = order.slice(batchSize)
  }
}
