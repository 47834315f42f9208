/** The gated SiLU and its backward pass, an invocation for each vec4. */
import type { Tensor2D } from '@tensorflow/tfjs-core'
import { onGpu, runWgsl, type WgslKernel } from '../../wgsl/program.ts'
import { SIGMOID } from '../../wgsl/snippets.ts'
import { SAVED_UNIFORMS, savedInputs, savedValue, type SequenceRows } from '../sequences.ts'

const THREADS = 64

/** Of rows that hold gate beside up. */
export function hasWgslGatedSilu(columns: number): boolean {
  return onGpu() && columns % 8 === 0
}

const FORWARD: WgslKernel = {
  key: 'softpost-gated-silu',
  threads: THREADS,
  inputs: { u: 4 },
  uniforms: ['width'],
  code: `
  ${SIGMOID}
  fn main(index : i32) {
    let column = i32(workgroupId.x) * ${THREADS} + i32(localIndex);
    if (column >= uniforms.width) { return; }
    let row = i32(workgroupId.y);
    let gate = u[row * 2 * uniforms.width + column];
    result[row * uniforms.width + column] = gate * sigmoid(gate) * u[(row * 2 + 1) * uniforms.width + column];
  }`,
}

const BACKWARD: WgslKernel = {
  key: 'softpost-gated-silu-backward',
  threads: THREADS,
  inputs: { dy: 4, inShared: 4, inOwn: 4 },
  uniforms: ['width', 'savedWidth', ...SAVED_UNIFORMS],
  code: `
  ${SIGMOID}
  ${savedValue('savedWidth')}
  fn main(index : i32) {
    let column = i32(workgroupId.x) * ${THREADS} + i32(localIndex);
    if (column >= uniforms.width) { return; }
    let row = i32(workgroupId.y);
    let at = savedAt(row);
    let gate = saved(at, column);
    let s = sigmoid(gate);
    let arriving = dy[row * uniforms.width + column];
    let to = row * 2 * uniforms.width + column;
    result[to] = arriving * saved(at, column + uniforms.width) * (s + gate * s * (1.0 - s));
    result[to + uniforms.width] = arriving * gate * s;
  }`,
}

/** u `[n, 2w]`, w a multiple of 4, to `[n, w]`. */
export function wgslGatedSilu(u: Tensor2D): Tensor2D {
  const [rows, columns] = u.shape
  return runWgsl(FORWARD, {
    inputs: [u],
    shape: [rows, columns / 2],
    uniforms: { width: columns / 8 },
    workgroups: [Math.ceil(columns / 8 / THREADS), rows, 1],
  })
}

/** dy `[m·(P + T), w]` and what it goes back through to du `[m·(P + T), 2w]`. */
export function wgslGatedSiluBackward(dy: Tensor2D, u: SequenceRows): Tensor2D {
  const [rows, width] = dy.shape
  const saved = savedInputs(u, rows)
  return runWgsl(BACKWARD, {
    inputs: [dy, saved.shared, saved.own],
    shape: [rows, 2 * width],
    uniforms: { width: width / 4, savedWidth: width / 2, ...saved.uniforms },
    workgroups: [Math.ceil(width / 4 / THREADS), rows, 1],
  })
}
