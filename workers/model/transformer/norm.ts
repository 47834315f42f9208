/** The norms that architectures have, as one. */
import type { Tensor2D } from '@tensorflow/tfjs-core'
import {
  layerNorm,
  layerNormBackward,
  type LayerNorm,
  type LayerNormSaved,
} from '../../runtime/kernels/layerNorm/layerNorm.ts'
import type { Linear } from '../../runtime/kernels/linear/linear.ts'
import { takesNorm, type RowNorm } from '../../runtime/kernels/linear/wgsl/linear.ts'
import type { Plus } from '../../runtime/kernels/normBackward.ts'
import { rmsNorm, rmsNormBackward, type RmsNorm } from '../../runtime/kernels/rmsNorm/rmsNorm.ts'
import { behindShared, oneOf, ownRows, type SequenceRows } from '../../runtime/kernels/sequences.ts'

export type Norm =
  | { readonly kind: 'layer'; readonly layer: LayerNorm }
  | { readonly kind: 'rms'; readonly rms: RmsNorm }

export type NormSaved =
  | { readonly kind: 'layer'; readonly saved: LayerNormSaved }
  | { readonly kind: 'rms'; readonly x: SequenceRows }

export type Normed = { readonly y: Tensor2D; readonly saved: NormSaved }

/** x `[n, d]` to y alike. */
export function normalise(x: Tensor2D, norm: Norm): Normed {
  if (norm.kind === 'rms') return { y: rmsNorm(x, norm.rms), saved: { kind: 'rms', x: ownRows(x) } }
  const { y, saved } = layerNorm(x, norm.layer)
  return { y, saved: { kind: 'layer', saved } }
}

/** The norm as the products with `map` take it along, and what it leaves of x; null where they do not. */
export function takenAlong(
  x: Tensor2D,
  norm: Norm,
  map: Linear,
): { readonly norm: RowNorm; readonly saved: NormSaved } | null {
  if (map.kind !== 'packed' || !takesNorm()) return null
  if (norm.kind === 'rms') return { norm: { ...norm.rms, bias: null }, saved: { kind: 'rms', x: ownRows(x) } }
  return { norm: norm.layer, saved: { kind: 'layer', saved: { kind: 'input', x: ownRows(x) } } }
}

/**
 * dy `[m·n, d]` to dx alike, with `plus` added: m gradients that go back through the one pass saved, `[n, d]`; or those
 * of sequences, see {@link SequenceRows}.
 */
export function normaliseBackward(dy: Tensor2D, saved: NormSaved, norm: Norm, plus?: Plus): Tensor2D {
  if (norm.kind === 'rms' && saved.kind === 'rms') return rmsNormBackward(dy, saved.x, norm.rms, plus)
  if (norm.kind === 'layer' && saved.kind === 'layer') return layerNormBackward(dy, saved.saved, norm.layer, plus)
  throw new Error('normaliseBackward: saved by a norm of another kind')
}

/** As {@link behindShared}; null where what was saved is not rows. */
export function normBehindShared(shared: NormSaved, own: NormSaved | null): NormSaved | null {
  if (shared.kind === 'rms') {
    return own?.kind === 'layer' ? null : { kind: 'rms', x: behindShared(shared.x, own && own.x) }
  }
  if (own?.kind === 'rms' || shared.saved.kind === 'normed' || own?.saved.kind === 'normed') return null
  return { kind: 'layer', saved: { kind: 'input', x: behindShared(shared.saved.x, own && own.saved.x) } }
}

/** The rows that a norm which went along with a product was given. */
export function normedRows(saved: NormSaved): Tensor2D {
  if (saved.kind === 'rms') return oneOf(saved.x)
  if (saved.saved.kind === 'input') return oneOf(saved.saved.x)
  throw new Error('normedRows: the rows were not kept')
}
