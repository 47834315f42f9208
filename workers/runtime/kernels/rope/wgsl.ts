/** Rotary positions, an invocation for each vec4 of the result. */
import type { Tensor2D } from '@tensorflow/tfjs-core'
import { onGpu, runWgsl, type WgslKernel } from '../../wgsl/program.ts'
import type { Turn } from './rope.ts'

const THREADS = 64

export function hasWgslRope({ rotation, columns }: Turn): boolean {
  return onGpu() && rotation.cos.shape[1] % 4 === 0 && columns % 4 === 0
}

const KERNEL: WgslKernel = {
  key: 'softpost-rope',
  threads: THREADS,
  inputs: { x: 4, cosines: 4, sines: 4 },
  uniforms: ['stride', 'columns', 'turned', 'pairs', 'positions', 'direction'],
  code: `
  fn main(index : i32) {
    let column = i32(workgroupId.x) * ${THREADS} + i32(localIndex);
    if (column >= uniforms.columns) { return; }
    let row = i32(workgroupId.y);
    let own = x[row * uniforms.stride + column];
    if (column >= uniforms.turned) {
      result[row * uniforms.columns + column] = own;
      return;
    }
    let place = column % (2 * uniforms.pairs);
    let first = place < uniforms.pairs;
    let other = x[row * uniforms.stride + select(column - uniforms.pairs, column + uniforms.pairs, first)];
    let at = (row % uniforms.positions) * uniforms.pairs + place % uniforms.pairs;
    let along = f32(select(uniforms.direction, -uniforms.direction, first));
    result[row * uniforms.columns + column] = own * cosines[at] + along * other * sines[at];
  }`,
}

/** As `rotate`; heads of 8 columns or a multiple of it. */
export function wgslRotate(x: Tensor2D, { rotation, turned, columns, direction }: Turn): Tensor2D {
  const [rows, stride] = x.shape
  const [positions, half] = rotation.cos.shape
  return runWgsl(KERNEL, {
    inputs: [x, rotation.cos, rotation.sin],
    shape: [rows, columns],
    uniforms: { stride: stride / 4, columns: columns / 4, turned: turned / 4, pairs: half / 4, positions, direction },
    workgroups: [Math.ceil(columns / 4 / THREADS), rows, 1],
  })
}
