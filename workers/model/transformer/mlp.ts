/** The MLP of a layer: residual + W₂ f(W₁ x), rows `[n, d]`. */
import { mul, type Tensor2D } from '@tensorflow/tfjs-core'
import { assertNever } from '../../protocol/errors.ts'
import { gatedSilu, gatedSiluBackward } from '../../runtime/kernels/gatedSilu/gatedSilu.ts'
import { gelu } from '../../runtime/kernels/gelu/gelu.ts'
import { geluErf, geluErfBackward } from '../../runtime/kernels/geluErf/geluErf.ts'
import {
  geluLinearBackward,
  geluLinearResidual,
  linear,
  linearBackward,
  linearResidual,
  preparedGelu,
  type GeluLinearSaved,
  type Linear,
} from '../../runtime/kernels/linear/linear.ts'
import type { Activation } from './blueprint.ts'
import type { WeightSink } from './weightSink.ts'

export type Mlp = { readonly activation: Activation; readonly up: Linear; readonly down: Linear }

/** `x` is what came in, u = W₁ x. */
export type MlpSaved =
  | { readonly activation: 'gelu-tanh'; readonly x: Tensor2D; readonly gelu: GeluLinearSaved }
  | { readonly activation: 'gelu-erf' | 'gated-silu'; readonly x: Tensor2D; readonly u: Tensor2D }

export function mlp(
  residual: Tensor2D,
  x: Tensor2D,
  { activation, up, down }: Mlp,
): { readonly y: Tensor2D; readonly saved: MlpSaved } {
  const u = linear(x, up)
  switch (activation) {
    case 'gelu-tanh': {
      const { y, saved } = geluLinearResidual(residual, u, down)
      return { y, saved: { activation, x, gelu: saved } }
    }
    case 'gelu-erf':
      return { y: linearResidual(residual, geluErf(u), down), saved: { activation, x, u } }
    case 'gated-silu':
      return { y: linearResidual(residual, gatedSilu(u), down), saved: { activation, x, u } }
    default:
      return assertNever(activation)
  }
}

/** For a pass that many gradients go back through. */
export function sharedMlpSaved(saved: MlpSaved): MlpSaved {
  return saved.activation === 'gelu-tanh' ? { ...saved, gelu: preparedGelu(saved.gelu) } : saved
}

/** dy `[m·n, d]` to dx alike, with `plus` added: m gradients that go back through the one pass saved, `[n, d]`. */
export function mlpBackward(
  dy: Tensor2D,
  saved: MlpSaved,
  { up, down }: Mlp,
  { plus, sink }: { readonly plus?: Tensor2D | undefined; readonly sink?: WeightSink | undefined } = {},
): Tensor2D {
  sink?.map(down, activated(saved), dy)
  const du = inputGradient(dy, saved, down)
  sink?.map(up, saved.x, du)
  return linearBackward(du, up, plus)
}

function inputGradient(dy: Tensor2D, saved: MlpSaved, down: Linear): Tensor2D {
  switch (saved.activation) {
    case 'gelu-tanh':
      return geluLinearBackward(dy, saved.gelu, down)
    case 'gelu-erf':
      return geluErfBackward(linearBackward(dy, down), saved.u)
    case 'gated-silu':
      return gatedSiluBackward(linearBackward(dy, down), saved.u)
    default:
      return assertNever(saved)
  }
}

/** f(u), computed again: only weight gradients ask for it. */
function activated(saved: MlpSaved): Tensor2D {
  switch (saved.activation) {
    case 'gelu-tanh':
      return geluOf(saved.gelu)
    case 'gelu-erf':
      return geluErf(saved.u)
    case 'gated-silu':
      return gatedSilu(saved.u)
    default:
      return assertNever(saved)
  }
}

function geluOf(saved: GeluLinearSaved): Tensor2D {
  if (saved.kind === 'input') return gelu(saved.u).y
  if (saved.kind === 'gate') return mul<Tensor2D>(saved.gelu.x, saved.gelu.gate)
  throw new Error('mlp: a pass that many gradients share has no weight gradients')
}
