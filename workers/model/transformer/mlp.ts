/** The MLP of a layer: residual + W₂ f(W₁ norm(residual)), rows `[n, d]`. */
import type { Tensor2D } from '@tensorflow/tfjs-core'
import { allColumns } from '../../runtime/columns.ts'
import {
  activatedAgain,
  activatedBehindShared,
  activatedLinear,
  activatedLinearBackward,
  preparedActivated,
  type ActivatedSaved,
  type Activation,
} from '../../runtime/kernels/linear/activatedLinear.ts'
import { linearBackward, linearResidual, type Linear } from '../../runtime/kernels/linear/linear.ts'
import { normalise, takenAlong, type Norm, type NormSaved } from './norm.ts'
import type { WeightSink } from './weightSink.ts'

export type Mlp = { readonly activation: Activation; readonly up: Linear; readonly down: Linear }

export type MlpSaved = {
  /** What W₁ was multiplied with, null where its norm went along. */
  readonly x: Tensor2D | null
  readonly activated: ActivatedSaved
}

/** `norm` is null where x is the residual itself. */
export function mlp(
  residual: Tensor2D,
  norm: Norm | null,
  { activation, up, down }: Mlp,
): { readonly y: Tensor2D; readonly saved: MlpSaved; readonly norm: NormSaved | null } {
  const along = norm && takenAlong(residual, norm, up)
  const before = norm && !along ? normalise(residual, norm) : null
  const rows = before?.y ?? residual
  const activated = activatedLinear(allColumns(rows), up, { activation, norm: along?.norm ?? null })
  return {
    y: linearResidual(residual, activated.y, down),
    saved: { x: along ? null : rows, activated: activated.saved },
    norm: along?.saved ?? before?.saved ?? null,
  }
}

/** For a pass that many gradients go back through. */
export function sharedMlpSaved(saved: MlpSaved): MlpSaved {
  return { ...saved, activated: preparedActivated(saved.activated) }
}

/** As {@link activatedBehindShared}. */
export function mlpBehindShared(shared: MlpSaved, own: MlpSaved): MlpSaved | null {
  const activated = activatedBehindShared(shared.activated, own.activated)
  return activated && { x: null, activated }
}

/**
 * dy `[m·n, d]` to the gradient of what W₁ was multiplied with, with `plus` added: m gradients that go back through the
 * one pass saved, `[n, d]`; or those of sequences, see `SequenceRows`. `input` gives x again where it was not kept.
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
  sink?.map(down, activatedAgain(saved.activated), dy)
  const du = activatedLinearBackward(allColumns(dy), saved.activated, down)
  if (sink) sink.map(up, saved.x ?? again(input), du)
  return linearBackward(allColumns(du), up, plus)
}

function again(input: (() => Tensor2D) | undefined): Tensor2D {
  if (input) return input()
  throw new Error('mlpBackward: what came in was not kept')
}
