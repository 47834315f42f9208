/** The second half of a block: y = x + W₂ gelu(W₁ LN(x)), rows `[n, d]`. */
import { add, mul, reshape, type Tensor, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core'
import { gelu, geluSlope, type GeluSaved } from '../../runtime/kernels/gelu/gelu.ts'
import { layerNorm, layerNormBackward, type LayerNormSaved } from '../../runtime/kernels/layerNorm/layerNorm.ts'
import { linear, linearBackward, linearResidual } from '../../runtime/kernels/linear/linear.ts'
import type { Gpt2Block } from './weights.ts'

export type MlpForward = { readonly norm: LayerNormSaved; readonly gelu: GeluSaved }

/** What the backward pass needs; activations `[n, ·]` that all examples of a batch may share. */
export type MlpSaved = { readonly norm: LayerNormSaved; readonly slope: Tensor }

export function mlp(x: Tensor2D, block: Gpt2Block): { readonly y: Tensor2D; readonly saved: MlpForward } {
  const norm = layerNorm(x, block.norm2)
  const hidden = gelu(linear(norm.y, block.up))
  return {
    y: linearResidual(x, hidden.y, block.down),
    saved: { norm: norm.saved, gelu: hidden.saved },
  }
}

export function mlpSaved({ norm, gelu }: MlpForward): MlpSaved {
  return { norm, slope: geluSlope(gelu) }
}

/** dy `[size, n, d]` as rows to dx alike. */
export function mlpBackward(dy: Tensor2D, saved: MlpSaved, block: Gpt2Block, size: number): Tensor2D {
  const dHidden = mul<Tensor3D>(perExample(linearBackward(dy, block.down), size), saved.slope)
  const dNormed = linearBackward(asRows(dHidden), block.up)
  return add(asRows(layerNormBackward(perExample(dNormed, size), saved.norm, block.norm2)), dy)
}

/** `[size·n, w]` to `[size, n, w]`. */
export function perExample(rows: Tensor2D, size: number): Tensor3D {
  const [count, width] = rows.shape
  return reshape(rows, [size, count / size, width])
}

/** `[size, n, w]` to `[size·n, w]`. */
export function asRows(x: Tensor3D): Tensor2D {
  const [size, rows, width] = x.shape
  return reshape(x, [size * rows, width])
}
