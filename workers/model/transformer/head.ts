/** From final hidden states to logits: what a masked model does to them first, then the output embedding. */
import { mul, type Tensor2D } from '@tensorflow/tfjs-core'
import { allColumns } from '../../runtime/columns.ts'
import { gelu, geluSlope } from '../../runtime/kernels/gelu/gelu.ts'
import { geluErf, geluErfBackward } from '../../runtime/kernels/geluErf/geluErf.ts'
import { createLinear, linear, linearBackward, type Linear } from '../../runtime/kernels/linear/linear.ts'
import { ownRows } from '../../runtime/kernels/sequences.ts'
import { normalise, normaliseBackward, type NormSaved } from './norm.ts'
import type { Transformer } from './transformer.ts'
import type { WeightSink } from './weightSink.ts'
import type { HeadTransform, Weights } from './weights.ts'

export type HeadInput = {
  /** What the output embedding is multiplied with, `[n, d]`. */
  readonly y: Tensor2D
  /** dy to the gradient of the hidden states. */
  backward(dy: Tensor2D, sink?: WeightSink): Tensor2D
}

/** x: what comes out of the last layer and the final norm, `[n, d]`. */
export function headInput({ weights }: Transformer, x: Tensor2D): HeadInput {
  const { transform } = weights.head
  if (transform === null) return { y: x, backward: (dy) => dy }
  const u = linear(allColumns(x), transform.dense)
  const { y, saved } = normalise(activate(u, transform), transform.norm)
  return { y, backward: (dy, sink) => transformBackward(dy, { transform, x, u, saved, sink }) }
}

function activate(u: Tensor2D, { activation }: HeadTransform): Tensor2D {
  return activation === 'gelu-erf' ? geluErf(u) : gelu(u).y
}

function transformBackward(
  dy: Tensor2D,
  pass: {
    readonly transform: HeadTransform
    readonly x: Tensor2D
    readonly u: Tensor2D
    readonly saved: NormSaved
    readonly sink: WeightSink | undefined
  },
): Tensor2D {
  const { transform, x, u, saved, sink } = pass
  sink?.norm(transform.norm, dy, saved)
  const dActivated = normaliseBackward(dy, saved, transform.norm)
  const du =
    transform.activation === 'gelu-erf'
      ? geluErfBackward(dActivated, ownRows(u))
      : mul<Tensor2D>(dActivated, geluSlope(gelu(u).saved))
  sink?.map(transform.dense, x, du)
  return linearBackward(allColumns(du), transform.dense)
}

/** The output embedding as a map `[d, V]` with its bias. */
export function createHead({ head }: Weights, [vocabulary, width]: readonly [number, number]): Linear {
  return createLinear({
    weight: head.tokens,
    layout: 'out-in',
    shape: [width, vocabulary],
    bias: head.bias,
    format: 'f32',
  })
}
