/** The second half of a block: y = x + W₂ gelu(W₁ LN(x)), rows `[n, d]`. */
import type { Tensor2D } from '@tensorflow/tfjs-core'
import { layerNorm, layerNormBackward, type LayerNormSaved } from '../../runtime/kernels/layerNorm/layerNorm.ts'
import {
  geluLinearBackward,
  geluLinearResidual,
  linear,
  linearBackward,
  preparedGelu,
  type GeluLinearSaved,
} from '../../runtime/kernels/linear/linear.ts'
import type { Gpt2Block } from './weights.ts'

/** What the backward pass needs; activations `[n, ·]` that all examples of a batch may share. */
export type MlpSaved = { readonly norm: LayerNormSaved; readonly gelu: GeluLinearSaved }

export function mlp(x: Tensor2D, block: Gpt2Block): { readonly y: Tensor2D; readonly saved: MlpSaved } {
  const norm = layerNorm(x, block.norm2)
  const { y, saved } = geluLinearResidual(x, linear(norm.y, block.up), block.down)
  return { y, saved: { norm: norm.saved, gelu: saved } }
}

/** For a pass that many gradients go back through. */
export function sharedMlpSaved({ norm, gelu }: MlpSaved): MlpSaved {
  return { norm, gelu: preparedGelu(gelu) }
}

/** dy `[m·n, d]` to dx alike: m gradients that go back through the one pass saved, `[n, d]`. */
export function mlpBackward(dy: Tensor2D, { norm, gelu }: MlpSaved, block: Gpt2Block): Tensor2D {
  const dNormed = linearBackward(geluLinearBackward(dy, gelu, block.down), block.up)
  return layerNormBackward(dNormed, norm, block.norm2, dy)
}
