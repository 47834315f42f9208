/** The norms that architectures have, as one. */
import type { Tensor2D } from '@tensorflow/tfjs-core'
import {
  layerNorm,
  layerNormBackward,
  type LayerNorm,
  type LayerNormSaved,
} from '../../runtime/kernels/layerNorm/layerNorm.ts'
import { rmsNorm, rmsNormBackward, type RmsNorm } from '../../runtime/kernels/rmsNorm/rmsNorm.ts'

export type Norm =
  | { readonly kind: 'layer'; readonly layer: LayerNorm }
  | { readonly kind: 'rms'; readonly rms: RmsNorm }

export type NormSaved =
  | { readonly kind: 'layer'; readonly saved: LayerNormSaved }
  | { readonly kind: 'rms'; readonly x: Tensor2D }

export type Normed = { readonly y: Tensor2D; readonly saved: NormSaved }

/** x `[n, d]` to y alike. */
export function normalise(x: Tensor2D, norm: Norm): Normed {
  if (norm.kind === 'rms') return { y: rmsNorm(x, norm.rms), saved: { kind: 'rms', x } }
  const { y, saved } = layerNorm(x, norm.layer)
  return { y, saved: { kind: 'layer', saved } }
}

/** dy `[m·n, d]` to dx alike, with `plus` added: m gradients that go back through the one pass saved, `[n, d]`. */
export function normaliseBackward(dy: Tensor2D, saved: NormSaved, norm: Norm, plus?: Tensor2D): Tensor2D {
  if (norm.kind === 'rms' && saved.kind === 'rms') return rmsNormBackward(dy, saved.x, norm.rms, plus)
  if (norm.kind === 'layer' && saved.kind === 'layer') return layerNormBackward(dy, saved.saved, norm.layer, plus)
  throw new Error('normaliseBackward: saved by a norm of another kind')
}
