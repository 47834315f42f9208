import { expect, test } from 'vitest'
import { supportOf } from '../../../workers/transfer/support.ts'

const ground = {
  logits: Float32Array.of(3, 1, 2, 2, /* next row */ -1, -3, Number.NEGATIVE_INFINITY, 0),
  vocabulary: 4,
  labelTokens: [[3, 1], [1]],
}
const rows = (support: Parameters<typeof supportOf>[0]) => [0, 1].map(supportOf(support, ground))

test('a support is the whole vocabulary, the label words, or the likeliest tokens of each text', () => {
  expect(rows('full')).toEqual([null, null])
  expect(rows('labels')).toEqual([
    [1, 3],
    [1, 3],
  ])
  expect(rows({ top: 1 })).toEqual([[0], [3]])
  // Of equal ones the first.
  expect(rows({ top: 2 })).toEqual([
    [0, 2],
    [0, 3],
  ])
  expect(rows({ top: 9 })).toEqual([
    [0, 1, 2, 3],
    [0, 1, 2, 3],
  ])
})
