/** GELU of each element. */
import type { Tensor2D } from '@tensorflow/tfjs-core'
import { runWgsl, type WgslKernel } from '../../wgsl/program.ts'
import { GELU } from '../../wgsl/snippets.ts'

const THREADS = 64

const KERNEL: WgslKernel = {
  key: 'softpost-gelu',
  threads: THREADS,
  inputs: { x: 4 },
  uniforms: ['width'],
  code: `
  ${GELU}
  fn main(index : i32) {
    let column = i32(workgroupId.x) * ${THREADS} + i32(localIndex);
    if (column >= uniforms.width) { return; }
    let at = i32(workgroupId.y) * uniforms.width + column;
    result[at] = gelu(x[at]);
  }`,
}

/** x `[n, w]`, w a multiple of 4. */
export function wgslGelu(x: Tensor2D): Tensor2D {
  const [rows, width] = x.shape
  return runWgsl(KERNEL, {
    inputs: [x],
    shape: [rows, width],
    uniforms: { width: width / 4 },
    workgroups: [Math.ceil(width / 4 / THREADS), rows, 1],
  })
}
