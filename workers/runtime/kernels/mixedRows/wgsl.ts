/** An invocation for four columns of a row; its sum runs over the vectors in their order. */
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import { onGpu, runWgsl, type WgslKernel } from '../../wgsl/program.ts'

const THREADS = 64

export function hasWgslMixedRows(width: number): boolean {
  return onGpu() && width % 4 === 0
}

const MIXED_ROWS: WgslKernel = {
  key: 'softpost-mixed-rows',
  threads: THREADS,
  inputs: { coefficients: 1, vectors: 4, plus: 4 },
  uniforms: ['terms', 'rows', 'width', 'hasPlus'],
  code: `
  fn main(index : i32) {
    let at = i32(workgroupId.x) * ${THREADS} + i32(localIndex);
    if (at >= uniforms.rows * uniforms.width) { return; }
    let column = at % uniforms.width;
    let place = at / uniforms.width;
    let text = i32(workgroupId.y);
    let first = text * uniforms.terms;
    let to = text * uniforms.rows * uniforms.width + at;
    var sum = vec4<f32>(0.0);
    for (var term = 0; term < uniforms.terms; term++) {
      sum += coefficients[(first + term) * uniforms.rows + place] * vectors[(first + term) * uniforms.width + column];
    }
    if (uniforms.hasPlus > 0) { sum += plus[to]; }
    result[to] = sum;
  }`,
}

/** C `[m, r, n]` and V `[m·r, d]` to `[m·n, d]`, with `plus` added. */
export function wgslMixedRows(coefficients: Tensor3D, vectors: Tensor2D, plus: Tensor2D | null): Tensor2D {
  const [size, terms, rows] = coefficients.shape
  const width = vectors.shape[1] / 4
  return runWgsl(MIXED_ROWS, {
    inputs: [coefficients, vectors, plus ?? vectors],
    shape: [size * rows, vectors.shape[1]],
    uniforms: { terms, rows, width, hasPlus: Number(plus !== null) },
    workgroups: [Math.ceil((rows * width) / THREADS), size, 1],
  })
}
