/** What the backward passes of both norms share: what is added to them, and the call. */
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { bitsOf } from '../bits.ts'
import { runWgsl, type WgslKernel } from '../wgsl/program.ts'
import { rowWork, rowWorkgroups, type RowWork } from '../wgsl/rowWork.ts'
import { SAVED_UNIFORMS, savedInputs, type SequenceRows } from './sequences.ts'

/** Added to a gradient: rows `[n, d]` alike; or `each` rows a sequence, of which the gradient has the first ones alone. */
export type Plus = { readonly rows: Tensor2D; readonly each?: number }

export const NORM_BACKWARD_INPUTS = { dy: 4, inShared: 4, inOwn: 4, gain: 4, plus: 4 } as const

export const NORM_BACKWARD_UNIFORMS = [
  'rows',
  'width',
  'eps',
  'hasPlus',
  'each',
  'plusEach',
  ...SAVED_UNIFORMS,
] as const

/** `withPlus(dx, row, column)`. */
export const PLUS_AT = `
  fn withPlus(dx : vec4<f32>, row : i32, column : i32) -> vec4<f32> {
    if (uniforms.hasPlus == 0) { return dx; }
    let at = row / uniforms.each * uniforms.plusEach + row % uniforms.each;
    return dx + plus[at * uniforms.width + column];
  }`

/** dx of dy, `[m·(P + T), d]`. */
export function runNormBackward(
  kernelOf: (work: RowWork) => WgslKernel,
  dy: Tensor2D,
  x: SequenceRows,
  { gain, eps, plus }: { readonly gain: Tensor1D; readonly eps: number; readonly plus?: Plus | undefined },
): Tensor2D {
  const [rows, width] = dy.shape
  const saved = savedInputs(x, rows)
  const { sharedRows, ownRows } = saved.uniforms
  const each = sharedRows + ownRows
  const work = rowWork()
  return runWgsl(kernelOf(work), {
    inputs: [dy, saved.shared, saved.own, gain, plus?.rows ?? dy],
    shape: [rows, width],
    uniforms: {
      rows,
      width: width / 4,
      eps: bitsOf(eps),
      hasPlus: Number(plus !== undefined),
      each,
      plusEach: plus?.each ?? each,
      ...saved.uniforms,
    },
    workgroups: rowWorkgroups(work, rows),
  })
}
