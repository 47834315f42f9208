/** gelu(norm(x) W + b), the first half of an MLP, and the slope that its gradient passes. */
import { mul, type Tensor2D } from '@tensorflow/tfjs-core'
import { allColumns, columnsOf, type Columns } from '../../columns.ts'
import { perCopy } from '../copies.ts'
import { gelu, geluSlope, type GeluSaved } from '../gelu/gelu.ts'
import { ownRows, type SequenceRows } from '../sequences.ts'
import { linear, linearBackward, type Linear } from './linear.ts'
import { wgslLinear, wgslLinearBackward, type RowNorm } from './wgsl/linear.ts'

/** What the way back needs. `beside`: rows that hold u = norm(x) W + b beside gelu(u). */
export type GeluLinearSaved =
  | { readonly kind: 'beside'; readonly rows: SequenceRows }
  | { readonly kind: 'gate'; readonly gelu: GeluSaved }
  | { readonly kind: 'slope'; readonly slope: Tensor2D }

/** From x `[n, in]`; a norm only where the layer is packed. */
export function geluLinear(
  x: Columns,
  layer: Linear,
  norm: RowNorm | null = null,
): { readonly y: Columns; readonly saved: GeluLinearSaved } {
  if (layer.kind === 'packed') {
    const both = wgslLinear(x, layer.w, { bias: layer.b, norm, gelu: true })
    return { y: columnsOf(both, layer.w.outer, layer.w.outer), saved: { kind: 'beside', rows: ownRows(both) } }
  }
  if (norm) throw new Error('geluLinear: a norm goes with packed weights alone')
  const { y, saved } = gelu(linear(x, layer))
  return { y: allColumns(y), saved: { kind: 'gate', gelu: saved } }
}

/** For a pass that many gradients go back through: what each of them would compute again. */
export function preparedGelu(saved: GeluLinearSaved): GeluLinearSaved {
  return saved.kind === 'gate' ? { kind: 'slope', slope: geluSlope(saved.gelu) as Tensor2D } : saved
}

/**
 * Through the map after it and the slope, dy `[m·n, out]` to du `[m·n, in]`: m gradients that go back through the one
 * pass saved, `[n, in]`; m is 1 where each row has a pass of its own.
 */
export function geluLinearBackward(dy: Columns, saved: GeluLinearSaved, after: Linear): Tensor2D {
  if (saved.kind === 'beside') {
    if (after.kind !== 'packed') throw new Error('geluLinearBackward: the pass was that of another layer')
    return wgslLinearBackward(dy, after.w, { slopeAt: saved.rows })
  }
  const slope = saved.kind === 'slope' ? saved.slope : (geluSlope(saved.gelu) as Tensor2D)
  return perCopy(linearBackward(dy, after), slope, mul)
}
