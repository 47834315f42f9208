/** Layer norm and its backward pass, a workgroup for each row. */
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { bitsOf, onGpu, runWgsl, type WgslKernel } from '../../wgsl/program.ts'
import { reductions } from '../../wgsl/snippets.ts'

const THREADS = 64

export function hasWgslLayerNorm(gain: Tensor1D): boolean {
  return onGpu() && gain.shape[0] % 4 === 0
}

const STATISTICS = `
  ${reductions(THREADS)}
  fn total(v : vec4<f32>) -> f32 {
    return v.x + v.y + v.z + v.w;
  }
  /** Mean and 1/std of a row that starts at \`begin\`. */
  fn statistics(begin : i32, lane : i32) -> vec2<f32> {
    let size = f32(uniforms.width * 4);
    var sum = 0.0;
    for (var i = lane; i < uniforms.width; i += ${THREADS}) { sum += total(x[begin + i]); }
    let mean = sumOfAll(sum, lane) / size;
    var squares = 0.0;
    for (var i = lane; i < uniforms.width; i += ${THREADS}) {
      let centred = x[begin + i] - mean;
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
  ${STATISTICS}
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
function backwardKernel(plus: boolean): WgslKernel {
  return {
    key: `softpost-layer-norm-backward${plus ? '-plus' : ''}`,
    threads: THREADS,
    inputs: { dy: 4, x: 4, gain: 4, ...(plus ? { plus: 4 } : {}) },
    uniforms: ['width', 'eps', 'xRows'],
    code: `
  ${STATISTICS}
  fn main(index : i32) {
    let lane = i32(localIndex);
    let row = i32(workgroupId.x);
    let to = row * uniforms.width;
    let begin = (row % uniforms.xRows) * uniforms.width;
    let found = statistics(begin, lane);
    var sum = 0.0;
    var along = 0.0;
    for (var i = lane; i < uniforms.width; i += ${THREADS}) {
      let dn = dy[to + i] * gain[i];
      sum += total(dn);
      along += total(dn * (x[begin + i] - found.x) * found.y);
    }
    let size = f32(uniforms.width * 4);
    let meanOfDn = sumOfAll(sum, lane) / size;
    let meanAlong = sumOfAll(along, lane) / size;
    for (var i = lane; i < uniforms.width; i += ${THREADS}) {
      let normed = (x[begin + i] - found.x) * found.y;
      let dx = (dy[to + i] * gain[i] - meanOfDn - normed * meanAlong) * found.y;
      result[to + i] = dx${plus ? ' + plus[to + i]' : ''};
    }
  }`,
  }
}

/** dy `[n, d]` and x `[r, d]` to dx `[n, d]`: row i stands against row i mod r of x. `plus` `[n, d]` is added. */
export function wgslLayerNormBackward(
  dy: Tensor2D,
  x: Tensor2D,
  norm: { readonly gain: Tensor1D; readonly eps: number; readonly plus?: Tensor2D | undefined },
): Tensor2D {
  const [rows, width] = dy.shape
  const inputs: Tensor[] = [dy, x, norm.gain, ...(norm.plus ? [norm.plus] : [])]
  return runWgsl(backwardKernel(norm.plus !== undefined), {
    inputs,
    shape: [rows, width],
    uniforms: { width: width / 4, eps: bitsOf(norm.eps), xRows: x.shape[0] },
    workgroups: [rows, 1, 1],
  })
}
