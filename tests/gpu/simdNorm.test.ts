/** Layer norm by our own SIMD on WASM against the same formulas composed of tfjs ops on the CPU. */
import { mul, reshape, slice, type Rank, type Tensor2D } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import {
  layerNorm,
  layerNormBackward,
  layerNormWeightGradient,
} from '../../workers/runtime/kernels/layerNorm/layerNorm.ts'
import { hasSimdLayerNorm } from '../../workers/runtime/kernels/layerNorm/simd.ts'
import { kept, take } from '../../workers/runtime/tensors.ts'
import { openTarget, TARGETS } from './support/backends.ts'
import { expectSame, matrix, vector } from './support/sameNumbers.ts'

const wasm = TARGETS.find(({ backend }) => backend === 'wasm')
if (!wasm) throw new Error('WASM runs everywhere')

const normOf = (width: number) => ({ gain: vector(width, 21), bias: vector(width, 22), eps: 1e-5 })

describe('layer norm on WASM', () => {
  // A width that is no multiple of 4 is left to tfjs.
  it.each([
    { rows: 1, width: 4, copies: 1, own: true },
    { rows: 3, width: 20, copies: 5, own: true },
    { rows: 67, width: 132, copies: 2, own: true },
    { rows: 5, width: 256, copies: 1, own: true },
    { rows: 7, width: 10, copies: 3, own: false },
  ])('$copies gradients back through $rows rows of $width', async ({ rows, width, copies, own }) => {
    await openTarget(wasm)
    expect(hasSimdLayerNorm(vector(width, 1))).toBe(own)
    await expectSame(wasm, () => {
      const norm = normOf(width)
      const { y, saved } = layerNorm(matrix(rows, width, 1), norm)
      const dy = matrix(copies * rows, width, 2)
      const plus = matrix(copies * rows, width, 3)
      const { gain } = layerNormWeightGradient(slice(dy, [0, 0], [rows, width]), saved, norm)
      return [
        y,
        layerNormBackward(dy, saved, norm),
        layerNormBackward(dy, saved, norm, { rows: plus }),
        reshape<Rank.R2>(gain, [1, width]),
      ]
    })
  })

  it('gives a row the same numbers wherever it stands', async () => {
    await openTarget(wasm)
    const [rows, width] = [9, 36]
    const results = (from: number, count: number): readonly Tensor2D[] => {
      const norm = normOf(width)
      const some = (seed: number): Tensor2D => slice(matrix(rows, width, seed), [from, 0], [count, width])
      const { y, saved } = layerNorm(mul<Tensor2D>(some(1), 30), norm)
      return [y, layerNormBackward(some(2), saved, norm, { rows: some(3) })]
    }
    const whole = await Promise.all(kept(() => results(0, rows)).map(take))
    for (let row = 0; row < rows; row++) {
      const alone = await Promise.all(kept(() => results(row, 1)).map(take))
      expect(alone).toEqual(whole.map((numbers) => numbers.slice(row * width, (row + 1) * width)))
    }
  })
})
