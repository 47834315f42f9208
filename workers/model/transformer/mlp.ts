/** The MLP of a layer: residual + W₂ f(W₁ norm(residual)), rows `[n, d]`. */
import { mul, type Tensor2D } from '@tensorflow/tfjs-core'
import { assertNever } from '../../protocol/errors.ts'
import { allColumns, asMatrix, columnsOf, type Columns } from '../../runtime/columns.ts'
import { gatedSilu, gatedSiluBackward } from '../../runtime/kernels/gatedSilu/gatedSilu.ts'
import { geluErf, geluErfBackward } from '../../runtime/kernels/geluErf/geluErf.ts'
import {
  geluLinear,
  geluLinearBackward,
  preparedGelu,
  type GeluLinearSaved,
} from '../../runtime/kernels/linear/geluLinear.ts'
import {
  linear,
  linearBackward,
  linearResidual,
  normedLinear,
  type Linear,
} from '../../runtime/kernels/linear/linear.ts'
import type { RowNorm } from '../../runtime/kernels/linear/wgsl/linear.ts'
import { behindShared, oneOf, ownRows, type SequenceRows } from '../../runtime/kernels/sequences.ts'
import type { Activation } from './blueprint.ts'
import { normalise, takenAlong, type Norm, type NormSaved } from './norm.ts'
import type { WeightSink } from './weightSink.ts'

export type Mlp = { readonly activation: Activation; readonly up: Linear; readonly down: Linear }

/** `x` is what W₁ was multiplied with, null where its norm went along; u = W₁ x. */
export type MlpSaved =
  | { readonly activation: 'gelu-tanh'; readonly x: Tensor2D | null; readonly gelu: GeluLinearSaved }
  | { readonly activation: 'gelu-erf' | 'gated-silu'; readonly x: Tensor2D | null; readonly u: SequenceRows }

/** `norm` is null where x is the residual itself. */
export function mlp(
  residual: Tensor2D,
  norm: Norm | null,
  { activation, up, down }: Mlp,
): { readonly y: Tensor2D; readonly saved: MlpSaved; readonly norm: NormSaved | null } {
  const along = norm && takenAlong(residual, norm, up)
  const before = norm && !along ? normalise(residual, norm) : null
  const rows = before?.y ?? residual
  const x = along ? null : rows
  const activated = activate(rows, { activation, up, norm: along?.norm ?? null })
  const y = linearResidual(residual, activated.y, down)
  return { y, saved: { x, ...activated.saved }, norm: along?.saved ?? before?.saved ?? null }
}

type Activated =
  | { readonly activation: 'gelu-tanh'; readonly gelu: GeluLinearSaved }
  | { readonly activation: 'gelu-erf' | 'gated-silu'; readonly u: SequenceRows }

function activate(
  rows: Tensor2D,
  { activation, up, norm }: { readonly activation: Activation; readonly up: Linear; readonly norm: RowNorm | null },
): { readonly y: Columns; readonly saved: Activated } {
  if (activation === 'gelu-tanh') {
    const { y, saved } = geluLinear(allColumns(rows), up, norm)
    return { y, saved: { activation, gelu: saved } }
  }
  const u = norm ? normedLinear(rows, norm, up) : linear(allColumns(rows), up)
  const y = activation === 'gelu-erf' ? geluErf(u) : gatedSilu(u)
  return { y: allColumns(y), saved: { activation, u: ownRows(u) } }
}

/** For a pass that many gradients go back through. */
export function sharedMlpSaved(saved: MlpSaved): MlpSaved {
  return saved.activation === 'gelu-tanh' ? { ...saved, gelu: preparedGelu(saved.gelu) } : saved
}

/** As {@link behindShared}; null where what was saved is not rows. */
export function mlpBehindShared(shared: MlpSaved, own: MlpSaved): MlpSaved | null {
  if (shared.activation === 'gelu-tanh' && own.activation === 'gelu-tanh') {
    if (shared.gelu.kind !== 'beside' || own.gelu.kind !== 'beside') return null
    const rows = behindShared(shared.gelu.rows, own.gelu.rows)
    return { activation: 'gelu-tanh', x: null, gelu: { kind: 'beside', rows } }
  }
  if (shared.activation === 'gelu-tanh' || own.activation === 'gelu-tanh') return null
  return { activation: shared.activation, x: null, u: behindShared(shared.u, own.u) }
}

/**
 * dy `[m·n, d]` to the gradient of what W₁ was multiplied with, with `plus` added: m gradients that go back through the
 * one pass saved, `[n, d]`; or those of sequences, see {@link SequenceRows}. `input` gives x again where it was not kept.
 */
export function mlpBackward(
  dy: Tensor2D,
  saved: MlpSaved,
  { up, down }: Mlp,
  {
    plus,
    sink,
    input,
  }: {
    readonly plus?: Tensor2D | undefined
    readonly sink?: WeightSink | undefined
    readonly input?: () => Tensor2D
  },
): Tensor2D {
  sink?.map(down, activated(saved), dy)
  const du = inputGradient(dy, saved, down)
  if (sink) sink.map(up, saved.x ?? again(input), du)
  return linearBackward(allColumns(du), up, plus)
}

function again(input: (() => Tensor2D) | undefined): Tensor2D {
  if (input) return input()
  throw new Error('mlpBackward: what came in was not kept')
}

function inputGradient(dy: Tensor2D, saved: MlpSaved, down: Linear): Tensor2D {
  switch (saved.activation) {
    case 'gelu-tanh':
      return geluLinearBackward(allColumns(dy), saved.gelu, down)
    case 'gelu-erf':
      return geluErfBackward(linearBackward(allColumns(dy), down), saved.u)
    case 'gated-silu':
      return gatedSiluBackward(linearBackward(allColumns(dy), down), saved.u)
    default:
      return assertNever(saved)
  }
}

/** f(u), computed again where it was not kept: only weight gradients ask for it. */
function activated(saved: MlpSaved): Tensor2D {
  switch (saved.activation) {
    case 'gelu-tanh':
      return geluOf(saved.gelu)
    case 'gelu-erf':
      return geluErf(oneOf(saved.u))
    case 'gated-silu':
      return gatedSilu(oneOf(saved.u))
    default:
      return assertNever(saved)
  }
}

function geluOf(saved: GeluLinearSaved): Tensor2D {
  if (saved.kind === 'beside') {
    const both = oneOf(saved.rows)
    return asMatrix(columnsOf(both, both.shape[1] / 2, both.shape[1] / 2))
  }
  if (saved.kind === 'gate') return mul<Tensor2D>(saved.gelu.x, saved.gelu.gate)
  throw new Error('mlp: a pass that many gradients share has no weight gradients')
}
