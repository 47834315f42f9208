/** RMS norm and its backward pass. */
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { bitsOf } from '../../bits.ts'
import { onGpu, runWgsl, type WgslKernel } from '../../wgsl/program.ts'
import { rowWork, rowWorkgroups, type RowWork } from '../../wgsl/rowWork.ts'
import { NORM_BACKWARD_INPUTS, NORM_BACKWARD_UNIFORMS, PLUS_AT, runNormBackward, type Plus } from '../normBackward.ts'
import { savedValue, type SequenceRows } from '../sequences.ts'

export function hasWgslRmsNorm(gain: Tensor1D): boolean {
  return onGpu() && gain.shape[0] % 4 === 0
}

const forward = (work: RowWork): WgslKernel => ({
  key: `softpost-rms-norm-${work.name}`,
  threads: work.threads,
  inputs: { x: 4, gain: 4 },
  uniforms: ['rows', 'width', 'eps'],
  code: `
  ${work.reductions}
  fn main(index : i32) {
    ${work.begin}
    let begin = row * uniforms.width;
    var squares = 0.0;
    for (var i = lane; i < uniforms.width; i += ${work.step}) { squares += dot(x[begin + i], x[begin + i]); }
    let scale = inverseSqrt(sumOfAll(squares, lane) / f32(uniforms.width * 4) + bitcast<f32>(uniforms.eps));
    for (var i = lane; i < uniforms.width; i += ${work.step}) { result[begin + i] = x[begin + i] * scale * gain[i]; }
  }`,
})

/** x `[n, d]` to `[n, d]`. */
export function wgslRmsNorm(x: Tensor2D, { gain, eps }: { readonly gain: Tensor1D; readonly eps: number }): Tensor2D {
  const [rows, width] = x.shape
  const work = rowWork()
  return runWgsl(forward(work), {
    inputs: [x, gain],
    shape: [rows, width],
    uniforms: { rows, width: width / 4, eps: bitsOf(eps) },
    workgroups: rowWorkgroups(work, rows),
  })
}

/** dx = (dn - x̂ mean(dn x̂)) / rms with dn = dy g; `plus` is added. */
const backward = (work: RowWork): WgslKernel => ({
  key: `softpost-rms-norm-backward-${work.name}`,
  threads: work.threads,
  inputs: NORM_BACKWARD_INPUTS,
  uniforms: NORM_BACKWARD_UNIFORMS,
  code: `
  ${work.reductions}
  ${savedValue('width')}
  ${PLUS_AT}
  fn main(index : i32) {
    ${work.begin}
    let size = f32(uniforms.width * 4);
    let to = row * uniforms.width;
    let begin = savedAt(row);
    var squares = 0.0;
    var along = 0.0;
    for (var i = lane; i < uniforms.width; i += ${work.step}) {
      let value = saved(begin, i);
      squares += dot(value, value);
      along += dot(dy[to + i] * gain[i], value);
    }
    let scale = inverseSqrt(sumOfAll(squares, lane) / size + bitcast<f32>(uniforms.eps));
    let meanAlong = sumOfAll(along, lane) * scale / size;
    for (var i = lane; i < uniforms.width; i += ${work.step}) {
      let dx = (dy[to + i] * gain[i] - saved(begin, i) * scale * meanAlong) * scale;
      result[to + i] = withPlus(dx, row, i);
    }
  }`,
})

/** dy to dx, both `[m·(P + T), d]`; `plus` is added. */
export function wgslRmsNormBackward(
  dy: Tensor2D,
  x: SequenceRows,
  norm: { readonly gain: Tensor1D; readonly eps: number; readonly plus?: Plus | undefined },
): Tensor2D {
  return runNormBackward(backward, dy, x, norm)
}
