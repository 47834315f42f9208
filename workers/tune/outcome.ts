/** Loss and correctness of rows, read from wherever they were computed. */
import { concat, type Tensor2D } from '@tensorflow/tfjs-core'
import type { LabelLoss } from '../runtime/kernels/labelLoss/labelLoss.ts'
import { take } from '../runtime/tensors.ts'
import { labelLoss } from './labelLoss.ts'

export type Outcome = LabelLoss['outcome']
type RowOutcome = { readonly loss: number; readonly correct: boolean }

/** Of each row that is no dummy, in their order; the tensors are freed. @param labels class of each row, or -1. */
export async function takeOutcome(outcome: Outcome, labels: Int32Array): Promise<RowOutcome[]> {
  const tensor = tensorOf(outcome)
  const width = tensor.shape[1]
  const values = await take(tensor)
  return Array.from(labels).flatMap((label, row) => {
    if (label < 0) return []
    return outcome.kind === 'figures'
      ? { loss: values[row * width] ?? Number.NaN, correct: values[row * width + 1] === 1 }
      : labelLoss(values, row, { classes: width, label })
  })
}

/** One after the other; all of one kind. To be called inside a `tidy`. */
export function joinOutcomes([first, ...rest]: readonly [Outcome, ...Outcome[]]): Outcome {
  const joined = concat([tensorOf(first), ...rest.map(tensorOf)], 0)
  return first.kind === 'figures' ? { kind: 'figures', figures: joined } : { kind: 'scores', scores: joined }
}

function tensorOf(outcome: Outcome): Tensor2D {
  return outcome.kind === 'figures' ? outcome.figures : outcome.scores
}
