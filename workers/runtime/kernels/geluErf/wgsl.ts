/** The exact GELU and its backward pass, an invocation for each vec4. */
import type { Tensor2D } from '@tensorflow/tfjs-core'
import { onGpu, runWgsl, type WgslKernel } from '../../wgsl/program.ts'
import { NORMAL } from '../../wgsl/snippets.ts'
import { SAVED_UNIFORMS, savedInputs, savedValue, type SequenceRows } from '../sequences.ts'

const THREADS = 64

export function hasWgslGeluErf(x: Tensor2D): boolean {
  return onGpu() && x.shape[1] % 4 === 0
}

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
  inputs: { dy: 4, inShared: 4, inOwn: 4 },
  uniforms: ['width', ...SAVED_UNIFORMS],
  code: `
  ${NORMAL}
  ${savedValue('width')}
  fn main(index : i32) {
    let column = i32(workgroupId.x) * ${THREADS} + i32(localIndex);
    if (column >= uniforms.width) { return; }
    let row = i32(workgroupId.y);
    let at = row * uniforms.width + column;
    let value = saved(savedAt(row), column);
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

/** dy `[m·(P + T), w]` and what it goes back through to dx alike. */
export function wgslGeluErfBackward(dy: Tensor2D, x: SequenceRows): Tensor2D {
  const [rows, width] = dy.shape
  const saved = savedInputs(x, rows)
  return runWgsl(BACKWARD, {
    inputs: [dy, saved.shared, saved.own],
    shape: [rows, width],
    uniforms: { width: width / 4, ...saved.uniforms },
    workgroups: [Math.ceil(width / 4 / THREADS), rows, 1],
  })
}
