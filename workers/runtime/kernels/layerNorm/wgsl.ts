/** Layer norm and its backward pass. */
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { bitsOf } from '../../bits.ts'
import { onGpu, runWgsl, type WgslKernel } from '../../wgsl/program.ts'
import { rowWork, rowWorkgroups, type RowWork } from '../../wgsl/rowWork.ts'
import { NORM_BACKWARD_INPUTS, NORM_BACKWARD_UNIFORMS, PLUS_AT, runNormBackward, type Plus } from '../normBackward.ts'
import { savedValue, type SequenceRows } from '../sequences.ts'

export function hasWgslLayerNorm(gain: Tensor1D): boolean {
  return onGpu() && gain.shape[0] % 4 === 0
}

/** `value`: the i-th vec4 of the row at `begin`. */
const mean = (value: string, { step }: RowWork): string => `
  fn total(v : vec4<f32>) -> f32 {
    return v.x + v.y + v.z + v.w;
  }
  fn meanOf(begin : i32, lane : i32) -> f32 {
    var sum = vec4<f32>(0.0);
    for (var i = lane; i < uniforms.width; i += ${step}) { sum += ${value}; }
    return sumOfAll(total(sum), lane) / f32(uniforms.width * 4);
  }`

const forward = (work: RowWork): WgslKernel => ({
  key: `softpost-layer-norm-${work.name}`,
  threads: work.threads,
  inputs: { x: 4, gain: 4, bias: 4 },
  uniforms: ['rows', 'width', 'eps'],
  code: `
  ${work.reductions}
  ${mean('x[begin + i]', work)}
  fn main(index : i32) {
    ${work.begin}
    let begin = row * uniforms.width;
    let mean = meanOf(begin, lane);
    var squares = 0.0;
    for (var i = lane; i < uniforms.width; i += ${work.step}) {
      let centred = x[begin + i] - mean;
      squares += dot(centred, centred);
    }
    let scale = inverseSqrt(sumOfAll(squares, lane) / f32(uniforms.width * 4) + bitcast<f32>(uniforms.eps));
    for (var i = lane; i < uniforms.width; i += ${work.step}) {
      result[begin + i] = (x[begin + i] - mean) * scale * gain[i] + bias[i];
    }
  }`,
})

/** x `[n, d]` to `[n, d]`. */
export function wgslLayerNorm(
  x: Tensor2D,
  { gain, bias, eps }: { readonly gain: Tensor1D; readonly bias: Tensor1D; readonly eps: number },
): Tensor2D {
  const [rows, width] = x.shape
  const work = rowWork()
  return runWgsl(forward(work), {
    inputs: [x, gain, bias],
    shape: [rows, width],
    uniforms: { rows, width: width / 4, eps: bitsOf(eps) },
    workgroups: rowWorkgroups(work, rows),
  })
}

/** dx = (dn - mean(dn) - x̂ mean(dn x̂)) / std with dn = dy g; `plus` is added. */
const backward = (work: RowWork): WgslKernel => ({
  key: `softpost-layer-norm-backward-${work.name}`,
  threads: work.threads,
  inputs: NORM_BACKWARD_INPUTS,
  uniforms: NORM_BACKWARD_UNIFORMS,
  code: `
  ${work.reductions}
  ${savedValue('width')}
  ${mean('saved(begin, i)', work)}
  ${PLUS_AT}
  fn main(index : i32) {
    ${work.begin}
    let size = f32(uniforms.width * 4);
    let to = row * uniforms.width;
    let begin = savedAt(row);
    let mean = meanOf(begin, lane);
    var squares = 0.0;
    var sum = vec4<f32>(0.0);
    var along = 0.0;
    for (var i = lane; i < uniforms.width; i += ${work.step}) {
      let centred = saved(begin, i) - mean;
      let dn = dy[to + i] * gain[i];
      squares += dot(centred, centred);
      sum += dn;
      along += dot(dn, centred);
    }
    let scale = inverseSqrt(sumOfAll(squares, lane) / size + bitcast<f32>(uniforms.eps));
    let meanOfDn = sumOfAll(total(sum), lane) / size;
    let meanAlong = sumOfAll(along, lane) * scale / size;
    for (var i = lane; i < uniforms.width; i += ${work.step}) {
      let normed = (saved(begin, i) - mean) * scale;
      result[to + i] = withPlus((dy[to + i] * gain[i] - meanOfDn - normed * meanAlong) * scale, row, i);
    }
  }`,
})

/** dy to dx, both `[m·(P + T), d]`; `plus` is added. */
export function wgslLayerNormBackward(
  dy: Tensor2D,
  x: SequenceRows,
  norm: { readonly gain: Tensor1D; readonly eps: number; readonly plus?: Plus | undefined },
): Tensor2D {
  return runNormBackward(backward, dy, x, norm)
}
