/** RMS norm and its backward pass, a workgroup for each row. */
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { bitsOf, onGpu, runWgsl, type WgslKernel } from '../../wgsl/program.ts'
import { reductions } from '../../wgsl/snippets.ts'

const THREADS = 64

export function hasWgslRmsNorm(gain: Tensor1D): boolean {
  return onGpu() && gain.shape[0] % 4 === 0
}

const STATISTICS = `
  ${reductions(THREADS)}
  /** 1/rms of a row that starts at \`begin\`. */
  fn scaleOf(begin : i32, lane : i32) -> f32 {
    var squares = 0.0;
    for (var i = lane; i < uniforms.width; i += ${THREADS}) { squares += dot(x[begin + i], x[begin + i]); }
    return inverseSqrt(sumOfAll(squares, lane) / f32(uniforms.width * 4) + bitcast<f32>(uniforms.eps));
  }`

const FORWARD: WgslKernel = {
  key: 'softpost-rms-norm',
  threads: THREADS,
  inputs: { x: 4, gain: 4 },
  uniforms: ['width', 'eps'],
  code: `
  ${STATISTICS}
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
function backwardKernel(plus: boolean): WgslKernel {
  return {
    key: `softpost-rms-norm-backward${plus ? '-plus' : ''}`,
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
    let scale = scaleOf(begin, lane);
    var along = 0.0;
    for (var i = lane; i < uniforms.width; i += ${THREADS}) { along += dot(dy[to + i] * gain[i], x[begin + i]); }
    let meanAlong = sumOfAll(along, lane) * scale / f32(uniforms.width * 4);
    for (var i = lane; i < uniforms.width; i += ${THREADS}) {
      let dx = (dy[to + i] * gain[i] - x[begin + i] * scale * meanAlong) * scale;
      result[to + i] = dx${plus ? ' + plus[to + i]' : ''};
    }
  }`,
  }
}

/** dy `[n, d]` and x `[r, d]` to dx `[n, d]`: row i stands against row i mod r of x. `plus` `[n, d]` is added. */
export function wgslRmsNormBackward(
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
