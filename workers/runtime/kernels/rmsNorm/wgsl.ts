/** RMS norm and its backward pass, a workgroup for each row. */
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { bitsOf, onGpu, runWgsl, type WgslKernel } from '../../wgsl/program.ts'
import { reductions } from '../../wgsl/snippets.ts'
import { PLUS_AT, PLUS_UNIFORMS, runNormBackward, type Plus } from '../normBackward.ts'
import { SAVED_UNIFORMS, savedValue, type SequenceRows } from '../sequences.ts'

const THREADS = 64

export function hasWgslRmsNorm(gain: Tensor1D): boolean {
  return onGpu() && gain.shape[0] % 4 === 0
}

/** `value`: the i-th vec4 of the row at `begin`. */
const statistics = (value: string): string => `
  ${reductions(THREADS)}
  /** 1/rms of a row. */
  fn scaleOf(begin : i32, lane : i32) -> f32 {
    var squares = 0.0;
    for (var i = lane; i < uniforms.width; i += ${THREADS}) { squares += dot(${value}, ${value}); }
    return inverseSqrt(sumOfAll(squares, lane) / f32(uniforms.width * 4) + bitcast<f32>(uniforms.eps));
  }`

const FORWARD: WgslKernel = {
  key: 'softpost-rms-norm',
  threads: THREADS,
  inputs: { x: 4, gain: 4 },
  uniforms: ['width', 'eps'],
  code: `
  ${statistics('x[begin + i]')}
  fn main(index : i32) {
    let lane = i32(localIndex);
    let begin = i32(workgroupId.x) * uniforms.width;
    let scale = scaleOf(begin, lane);
    for (var i = lane; i < uniforms.width; i += ${THREADS}) { result[begin + i] = x[begin + i] * scale * gain[i]; }
  }`,
}

/** x `[n, d]` to `[n, d]`. */
export function wgslRmsNorm(x: Tensor2D, { gain, eps }: { readonly gain: Tensor1D; readonly eps: number }): Tensor2D {
  const [rows, width] = x.shape
  return runWgsl(FORWARD, {
    inputs: [x, gain],
    shape: [rows, width],
    uniforms: { width: width / 4, eps: bitsOf(eps) },
    workgroups: [rows, 1, 1],
  })
}

/** dx = (dn - x̂ mean(dn x̂)) / rms with dn = dy g; `plus` is added. */
const BACKWARD: WgslKernel = {
  key: 'softpost-rms-norm-backward',
  threads: THREADS,
  inputs: { dy: 4, inShared: 4, inOwn: 4, gain: 4, plus: 4 },
  uniforms: ['width', 'eps', ...PLUS_UNIFORMS, ...SAVED_UNIFORMS],
  code: `
  ${savedValue('width')}
  ${statistics('saved(begin, i)')}
  ${PLUS_AT}
  fn main(index : i32) {
    let lane = i32(localIndex);
    let row = i32(workgroupId.x);
    let to = row * uniforms.width;
    let begin = savedAt(row);
    let scale = scaleOf(begin, lane);
    var along = 0.0;
    for (var i = lane; i < uniforms.width; i += ${THREADS}) { along += dot(dy[to + i] * gain[i], saved(begin, i)); }
    let meanAlong = sumOfAll(along, lane) * scale / f32(uniforms.width * 4);
    for (var i = lane; i < uniforms.width; i += ${THREADS}) {
      let dx = (dy[to + i] * gain[i] - saved(begin, i) * scale * meanAlong) * scale;
      result[to + i] = withPlus(dx, row, i);
    }
  }`,
}

/** dy to dx, both `[m·(P + T), d]`; `plus` is added. */
export function wgslRmsNormBackward(
  dy: Tensor2D,
  x: SequenceRows,
  norm: { readonly gain: Tensor1D; readonly eps: number; readonly plus?: Plus | undefined },
): Tensor2D {
  return runNormBackward(BACKWARD, dy, x, norm)
}
