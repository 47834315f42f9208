/** f(norm(x) W + b), the first half of an MLP, and what its gradient passes. */
import { mul, type Tensor2D } from '@tensorflow/tfjs-core'
import { assertNever } from '../../../protocol/errors.ts'
import { allColumns, asMatrix, columnsOf, type Columns } from '../../columns.ts'
import { perCopy } from '../copies.ts'
import { gatedSilu, gatedSiluBackward } from '../gatedSilu/gatedSilu.ts'
import { gelu, geluSlope, type GeluSaved } from '../gelu/gelu.ts'
import { geluErf, geluErfBackward } from '../geluErf/geluErf.ts'
import { behindShared, oneOf, ownRows, type SequenceRows } from '../sequences.ts'
import { linear, linearBackward, type Linear } from './linear.ts'
import { outputsEach, type Activation } from './wgsl/activations.ts'
import { wgslLinear, wgslLinearBackward, type RowNorm } from './wgsl/linear.ts'

export type { Activation } from './wgsl/activations.ts'

/**
 * What the way back needs of u = norm(x) W + b. `beside`: rows that hold u beside f(u), as one kernel leaves them;
 * `input`: u alone; `gate`, `slope`: what a GELU that is composed keeps of it.
 */
export type ActivatedSaved =
  | { readonly kind: 'beside'; readonly activation: Activation; readonly rows: SequenceRows }
  | { readonly kind: 'input'; readonly activation: Exclude<Activation, 'gelu-tanh'>; readonly u: SequenceRows }
  | { readonly kind: 'gate'; readonly gelu: GeluSaved }
  | { readonly kind: 'slope'; readonly slope: Tensor2D }

export type ActivatedOptions = { readonly activation: Activation; readonly norm: RowNorm | null }

/** From x `[n, in]`; a norm only where the layer is packed. Of a gated activation half as many columns as W has. */
export function activatedLinear(
  x: Columns,
  layer: Linear,
  { activation, norm }: ActivatedOptions,
): { readonly y: Columns; readonly saved: ActivatedSaved } {
  if (layer.kind === 'packed' && layer.w.outer % (4 * outputsEach(activation)) === 0) {
    const both = wgslLinear(x, layer.w, { bias: layer.b, norm, activation })
    return { y: besideColumns(both, activation), saved: { kind: 'beside', activation, rows: ownRows(both) } }
  }
  const u = linear(x, layer, { norm })
  if (activation === 'gelu-tanh') {
    const { y, saved } = gelu(u)
    return { y: allColumns(y), saved: { kind: 'gate', gelu: saved } }
  }
  const y = activation === 'gelu-erf' ? geluErf(u) : gatedSilu(u)
  return { y: allColumns(y), saved: { kind: 'input', activation, u: ownRows(u) } }
}

/** f(u) in rows that hold it beside u. */
function besideColumns(both: Tensor2D, activation: Activation): Columns {
  const width = both.shape[1] / (1 + outputsEach(activation))
  return columnsOf(both, both.shape[1] - width, width)
}

/** For a pass that many gradients go back through: what each of them would compute again. */
export function preparedActivated(saved: ActivatedSaved): ActivatedSaved {
  return saved.kind === 'gate' ? { kind: 'slope', slope: geluSlope(saved.gelu) as Tensor2D } : saved
}

/** As {@link behindShared}; null where what was saved is not rows of one kind. */
export function activatedBehindShared(shared: ActivatedSaved, own: ActivatedSaved): ActivatedSaved | null {
  if (shared.kind === 'beside' && own.kind === 'beside') {
    return { ...own, rows: behindShared(shared.rows, own.rows) }
  }
  if (shared.kind === 'input' && own.kind === 'input') return { ...own, u: behindShared(shared.u, own.u) }
  return null
}

/**
 * Through the map after it and the activation, dy `[m·n, out]` to du: m gradients that go back through the one pass
 * saved, of n rows; m is 1 where each row has a pass of its own. Or those of sequences, see {@link SequenceRows}.
 */
export function activatedLinearBackward(dy: Columns, saved: ActivatedSaved, after: Linear): Tensor2D {
  switch (saved.kind) {
    case 'beside':
      if (after.kind !== 'packed') {
        throw new Error('activatedLinearBackward: the pass was that of another layer')
      }
      return wgslLinearBackward(dy, after.w, { slopeAt: saved })
    case 'input':
      return saved.activation === 'gelu-erf'
        ? geluErfBackward(linearBackward(dy, after), saved.u)
        : gatedSiluBackward(linearBackward(dy, after), saved.u)
    case 'gate':
      return perCopy(linearBackward(dy, after), geluSlope(saved.gelu), mul)
    case 'slope':
      return perCopy(linearBackward(dy, after), saved.slope, mul)
    default:
      return assertNever(saved)
  }
}

/** f(u), computed again where it was not kept: only weight gradients ask for it. */
export function activatedAgain(saved: ActivatedSaved): Tensor2D {
  switch (saved.kind) {
    case 'beside':
      return asMatrix(besideColumns(oneOf(saved.rows), saved.activation))
    case 'input':
      return saved.activation === 'gelu-erf' ? geluErf(oneOf(saved.u)) : gatedSilu(oneOf(saved.u))
    case 'gate':
      return mul<Tensor2D>(saved.gelu.x, saved.gelu.gate)
    case 'slope':
      throw new Error('activatedAgain: a pass that many gradients share has no weight gradients')
    default:
      return assertNever(saved)
  }
}
