/** Rotary positions, an invocation for each vec4 of the result. */
import type { Tensor2D } from '@tensorflow/tfjs-core'
import { onGpu, runWgsl, type WgslKernel } from '../../wgsl/program.ts'
import type { Turn, Turning } from './rope.ts'

const THREADS = 64

/** Whether own kernels turn heads of this width: those of whole vec4s on either side. */
export function hasWgslRope({ angles }: Turning): boolean {
  return onGpu() && angles.shape[1] % 8 === 0
}

const KERNEL: WgslKernel = {
  key: 'softpost-rope',
  threads: THREADS,
  inputs: { x: 4, angles: 4 },
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
    let at = (row % uniforms.positions) * 2 * uniforms.pairs + place % uniforms.pairs;
    let along = f32(select(uniforms.direction, -uniforms.direction, first));
    result[row * uniforms.columns + column] = own * angles[at] + along * other * angles[at + uniforms.pairs];
  }`,
}

/** As `rotate`; heads of 8 columns or a multiple of it. */
export function wgslRotate(x: Tensor2D, { angles, turned, columns, direction }: Turn): Tensor2D {
  const [rows, stride] = x.shape
  const [positions, headWidth] = angles.shape
  return runWgsl(KERNEL, {
    inputs: [x, angles],
    shape: [rows, columns],
    uniforms: {
      stride: stride / 4,
      columns: columns / 4,
      turned: turned / 4,
      pairs: headWidth / 8,
      positions,
      direction,
    },
    workgroups: [Math.ceil(columns / 4 / THREADS), rows, 1],
  })
}
