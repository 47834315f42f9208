/** The last layer's way back by few vectors, against the one by the rows of all keys. */
import { add, reshape, slice, type Rank, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { createModel } from '../../workers/model/load.ts'
import type { TokenBatch } from '../../workers/model/types.ts'
import { allColumns } from '../../workers/runtime/columns.ts'
import { paysFactors } from '../../workers/runtime/kernels/attention/keyFactors.ts'
import {
  sharedKeys,
  sightOf,
  textAttention,
  textAttentionBackward,
  textFactors,
} from '../../workers/runtime/kernels/attention/rows.ts'
import { mixedRows } from '../../workers/runtime/kernels/mixedRows/mixedRows.ts'
import { kept, take } from '../../workers/runtime/tensors.ts'
import { openTarget, TARGETS } from './support/backends.ts'
import { matrix } from './support/sameNumbers.ts'
import { expectClose, readModel } from './support/vectors.ts'

describe.each(TARGETS)('on $label', (target) => {
  const shapes = [
    { heads: 4, keyHeads: 4, headWidth: 8, queries: 1, prefixRows: 22, length: 6, size: 3 },
    { heads: 6, keyHeads: 2, headWidth: 4, queries: 1, prefixRows: 7, length: 5, size: 2 },
    { heads: 2, keyHeads: 2, headWidth: 12, queries: 3, prefixRows: 9, length: 4, size: 5 },
  ]
  it.each(shapes)('$queries queries of $heads heads move keys of $keyHeads along few vectors', async (shape) => {
    await openTarget(target)
    const { heads, keyHeads, headWidth, queries, prefixRows, length, size } = shape
    const [width, columns] = [heads * headWidth, 2 * keyHeads * headWidth]
    const seen = Int32Array.from({ length: size * queries }, (_, at) => 1 + (at % length))
    await expectSamePairs(() => {
      const prefix = sharedKeys(allColumns(matrix(prefixRows, columns, 1)), shape)
      const projections = {
        kind: 'apart',
        q: matrix(size * queries, width, 2),
        kv: matrix(size * length, columns, 3),
      } as const
      const { saved } = textAttention({ projections, prefix, sight: sightOf(shape, seen, queries) }, shape)
      const dOut = matrix(size * queries, width, 4)
      const { q, keys } = textFactors(dOut, saved)
      const rows = textAttentionBackward(dOut, saved, 'all')
      if (rows.own?.kind !== 'apart' || rows.prefix === null) throw new Error('gradients of each kind expected')
      const some = (from: number, count: number): Tensor2D =>
        mixedRows(slice(keys.coefficients, [0, 0, from], [size, keys.coefficients.shape[1], count]), keys.vectors)
      return [
        [q, rows.own.q],
        [some(0, prefixRows), rows.prefix],
        [some(prefixRows, length), rows.own.kv],
      ]
    })
  })

  it('adds rows to mixed ones', async () => {
    await openTarget(target)
    await expectSamePairs(() => {
      const coefficients = reshape<Rank.R3>(matrix(2 * 3, 5, 1), [2, 3, 5])
      const [vectors, plus] = [matrix(2 * 3, 8, 2), matrix(2 * 5, 8, 3)]
      const apart = mixedRows(coefficients, vectors)
      return [[mixedRows(coefficients, vectors, plus), add(apart, plus)]]
    })
  })

  it.each([1, 2])('finds the gradient of a prompt of 40 rows, %i rows of each text read', async (queries) => {
    await openTarget(target)
    const model = createModel(await readModel('gpt2'))
    const { width, heads } = model.shape
    const [rows, size, length] = [40, 2, 6]
    const shape = { heads, keyHeads: heads, headWidth: width / heads, queries, keys: rows + length }
    expect(paysFactors(shape)).toBe(queries === 1)
    const batch: TokenBatch = {
      ids: Int32Array.from({ length: size * length }, (_, at) => 11 + 7 * at),
      size,
      length,
      lengths: Int32Array.of(6, 4),
      read: queries === 1 ? Int32Array.of(5, 3) : Int32Array.of(4, 5, 2, 3),
    }
    const prefix = model.prefix(model.embed(Array.from({ length: rows }, (_, at) => 5 + at)), rows)
    await expectSamePairs(() => {
      const read = model.read(batch, prefix)
      const dy = matrix(size * queries, width, 3)
      return [[read.promptGradient(dy), model.prefixBackward(prefix, read.backward(dy))]]
    })
    prefix.dispose()
    model.dispose()
  })
})

/** Within float32's rounding of the largest of each. */
async function expectSamePairs(make: () => readonly (readonly [Tensor, Tensor])[]): Promise<void> {
  for (const [one, other] of kept(make)) {
    const [actual, expected] = [await take(one), await take(other)]
    const scale = Math.max(...expected.map(Math.abs))
    expect(scale).toBeGreaterThan(0)
    expectClose(actual, expected, { rtol: 0, atol: 2e-5 * scale })
  }
}
