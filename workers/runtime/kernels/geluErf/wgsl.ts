/** The exact GELU and its backward pass, an invocation for each vec4. */
import type { Tensor2D } from '@tensorflow/tfjs-core'
import { onGpu, runWgsl, type WgslKernel } from '../../wgsl/program.ts'

const THREADS = 64

export function hasWgslGeluErf(x: Tensor2D): boolean {
  return onGpu() && x.shape[1] % 4 === 0
}

/** Φ by Abramowitz and Stegun 7.1.26 (error of erf at most 1.5e-7), and the density φ. */
const NORMAL = `
  fn density(x : vec4<f32>) -> vec4<f32> {
    return 0.3989422804014327 * exp(-0.5 * x * x);
  }
  fn cumulative(x : vec4<f32>) -> vec4<f32> {
    let z = abs(x) * 0.7071067811865476;
    let t = 1.0 / (1.0 + 0.3275911 * z);
    let tail = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) * exp(-z * z);
    return 0.5 + 0.5 * sign(x) * (1.0 - tail);
  }`

const FORWARD: WgslKernel = {
  key: 'softpost-gelu-erf',
  threads: THREADS,
  inputs: { x: 4 },
  uniforms: ['width'],
  code: `
  ${NORMAL}
  fn main(index : i32) {
    let column = i32(workgroupId.x) * ${THREADS} + i32(localIndex);
    if (column >= uniforms.width) { return; }
    let at = i32(workgroupId.y) * uniforms.width + column;
    result[at] = x[at] * cumulative(x[at]);
  }`,
}

const BACKWARD: WgslKernel = {
  key: 'softpost-gelu-erf-backward',
  threads: THREADS,
  inputs: { dy: 4, x: 4 },
  uniforms: ['width', 'xRows'],
  code: `
  ${NORMAL}
  fn main(index : i32) {
    let column = i32(workgroupId.x) * ${THREADS} + i32(localIndex);
    if (column >= uniforms.width) { return; }
    let row = i32(workgroupId.y);
    let at = row * uniforms.width + column;
    let value = x[(row % uniforms.xRows) * uniforms.width + column];
    result[at] = dy[at] * (cumulative(value) + value * density(value));
  }`,
}

/** x `[n, w]`, w a multiple of 4. */
export function wgslGeluErf(x: Tensor2D): Tensor2D {
  const [rows, width] = x.shape
  return runWgsl(FORWARD, {
    inputs: [x],
    shape: [rows, width],
    uniforms: { width: width / 4 },
    workgroups: [Math.ceil(width / 4 / THREADS), rows, 1],
  })
}

/** dy `[n, w]` and x `[r, w]` to dx `[n, w]`: row i stands against row i mod r of x. */
export function wgslGeluErfBackward(dy: Tensor2D, x: Tensor2D): Tensor2D {
  const [rows, width] = dy.shape
  return runWgsl(BACKWARD, {
    inputs: [dy, x],
    shape: [rows, width],
    uniforms: { width: width / 4, xRows: x.shape[0] },
    workgroups: [Math.ceil(width / 4 / THREADS), rows, 1],
  })
}
