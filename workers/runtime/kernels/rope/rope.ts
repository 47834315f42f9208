/**
 * Rotary positions (Su et al. 2021) as HF has them: in each head the halves x1, x2 of a row become
 * (x1 cos − x2 sin, x2 cos + x1 sin), with an angle for each position and pair. The way back turns the other way.
 */
import { add, concat, mul, reshape, slice, sub, type Tensor2D, type Tensor4D } from '@tensorflow/tfjs-core'
import { hasWgslRope, wgslRotate } from './wgsl.ts'

export type Turning = {
  /** cos beside sin of each row's position and pair, `[r, hd]`; row i of what is turned takes row i mod r. */
  readonly angles: Tensor2D
  /** Columns of a row that are turned, heads side by side. */
  readonly turned: number
  /** Columns of the result; those behind `turned` stay as they are. */
  readonly columns: number
}

export type Turn = Turning & {
  /** 1 forwards, -1 for gradients. */
  readonly direction: 1 | -1
}

/** x `[n, ·]` to `[n, columns]`; rows of x may be longer: what is beyond is left out. */
export function rotate(x: Tensor2D, turn: Turn): Tensor2D {
  if (hasWgslRope(turn)) return wgslRotate(x, turn)
  const { angles, turned, columns, direction } = turn
  const [rows] = x.shape
  const [positions, headWidth] = angles.shape
  const half = headWidth / 2
  const shape: [number, number, number, number] = [rows / positions, positions, turned / half / 2, 2 * half]
  const heads: Tensor4D = reshape(slice(x, [0, 0], [rows, turned]), shape)
  const part = (begin: number): Tensor4D => slice(heads, [0, 0, 0, begin], [shape[0], positions, shape[2], half])
  const [x1, x2] = [part(0), part(half)]
  const ofPairs = (begin: number): Tensor4D =>
    reshape(slice(angles, [0, begin], [positions, half]), [1, positions, 1, half])
  const cos = ofPairs(0)
  const sin: Tensor4D = mul(ofPairs(half), direction)
  const parts: Tensor4D[] = [sub(mul(x1, cos), mul(x2, sin)), add(mul(x2, cos), mul(x1, sin))]
  const done: Tensor2D = reshape(concat(parts, 3), [rows, turned])
  return turned === columns ? done : concat([done, slice(x, [0, turned], [rows, columns - turned])], 1)
}
