import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../../workers/task/seededRandom.ts'
import { endlessBatches } from '../../../workers/transfer/endlessBatches.ts'

describe('endlessBatches', () => {
  test('shows every text once in each epoch, in a new order', () => {
    const batches = endlessBatches(seededRandom(5), 10, 4)
    const places = Array.from({ length: 10 }, () => batches.next().value).flat()
    expect(places).toHaveLength(40)
    const epochs = [0, 10, 20, 30].map((start) => places.slice(start, start + 10))
    for (const epoch of epochs) expect(epoch.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(epochs[0]).not.toEqual(epochs[1])
  })

  test('repeats texts where a batch is larger than the set', () => {
    const { value } = endlessBatches(seededRandom(5), 2, 5).next()
    expect(value).toHaveLength(5)
    expect(new Set(value)).toEqual(new Set([0, 1]))
  })
})
