/** Layer norm and its backward pass, a workgroup for each row. */
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { bitsOf, onGpu, runWgsl, type WgslKernel } from '../../wgsl/program.ts'
import { reductions } from '../../wgsl/snippets.ts'
import { PLUS_AT, PLUS_UNIFORMS, runNormBackward, type Plus } from '../normBackward.ts'
import { SAVED_UNIFORMS, savedValue, type SequenceRows } from '../sequences.ts'

const THREADS = 64

export function hasWgslLayerNorm(gain: Tensor1D): boolean {
  return onGpu() && gain.shape[0] % 4 === 0
}

/** `value`: the i-th vec4 of the row at `begin`. */
const statistics = (value: string): string => `
  ${reductions(THREADS)}
  fn total(v : vec4<f32>) -> f32 {
    return v.x + v.y + v.z + v.w;
  }
  /** Mean and 1/std of a row. */
  fn statistics(begin : i32, lane : i32) -> vec2<f32> {
    let size = f32(uniforms.width * 4);
    var sum = 0.0;
    for (var i = lane; i < uniforms.width; i += ${THREADS}) { sum += total(${value}); }
    let mean = sumOfAll(sum, lane) / size;
    var squares = 0.0;
    for (var i = lane; i < uniforms.width; i += ${THREADS}) {
      let centred = ${value} - mean;
      squares += total(centred * centred);
    }
    return vec2<f32>(mean, inverseSqrt(sumOfAll(squares, lane) / size + bitcast<f32>(uniforms.eps)));
  }`

const FORWARD: WgslKernel = {
  key: 'softpost-layer-norm',
  threads: THREADS,
  inputs: { x: 4, gain: 4, bias: 4 },
  uniforms: ['width', 'eps'],
  code: `
  ${statistics('x[begin + i]')}
  fn main(index : i32) {
    let lane = i32(localIndex);
    let begin = i32(workgroupId.x) * uniforms.width;
    let found = statistics(begin, lane);
    for (var i = lane; i < uniforms.width; i += ${THREADS}) {
      result[begin + i] = (x[begin + i] - found.x) * found.y * gain[i] + bias[i];
    }
  }`,
}

/** x `[n, d]` to `[n, d]`. */
export function wgslLayerNorm(
  x: Tensor2D,
  { gain, bias, eps }: { readonly gain: Tensor1D; readonly bias: Tensor1D; readonly eps: number },
): Tensor2D {
  const [rows, width] = x.shape
  return runWgsl(FORWARD, {
    inputs: [x, gain, bias],
    shape: [rows, width],
    uniforms: { width: width / 4, eps: bitsOf(eps) },
    workgroups: [rows, 1, 1],
  })
}

/** dx = (dn - mean(dn) - x̂ mean(dn x̂)) / std with dn = dy g; `plus` is added. */
const BACKWARD: WgslKernel = {
  key: 'softpost-layer-norm-backward',
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
    let found = statistics(begin, lane);
    var sum = 0.0;
    var along = 0.0;
    for (var i = lane; i < uniforms.width; i += ${THREADS}) {
      let dn = dy[to + i] * gain[i];
      sum += total(dn);
      along += total(dn * (saved(begin, i) - found.x) * found.y);
    }
    let size = f32(uniforms.width * 4);
    let meanOfDn = sumOfAll(sum, lane) / size;
    let meanAlong = sumOfAll(along, lane) / size;
    for (var i = lane; i < uniforms.width; i += ${THREADS}) {
      let normed = (saved(begin, i) - found.x) * found.y;
      let dx = (dy[to + i] * gain[i] - meanOfDn - normed * meanAlong) * found.y;
      result[to + i] = withPlus(dx, row, i);
    }
  }`,
}

/** dy to dx, both `[m·(P + T), d]`; `plus` is added. */
export function wgslLayerNormBackward(
  dy: Tensor2D,
  x: SequenceRows,
  norm: { readonly gain: Tensor1D; readonly eps: number; readonly plus?: Plus | undefined },
): Tensor2D {
  return runNormBackward(BACKWARD, dy, x, norm)
}
