/** Inputs that mean nothing and are the same in every process. */
import type { TransferConstants } from '../../workers/pool/types.ts'
import type { Encoded } from '../../workers/task/types.ts'
import { softmaxRows, TEMPERATURE } from '../../workers/transfer/constants.ts'
import type { Spec } from './types.ts'

export const CLIP_NORM = 0.1
export const ALPHA = 0.5
export const CLASSES = 8

export type Inputs = {
  readonly prompt: Float32Array<ArrayBuffer>
  readonly examples: readonly Encoded[]
  readonly labels: readonly number[]
  readonly labelTokens: readonly (readonly number[])[]
}

type Shape = { readonly width: number; readonly vocabulary: number }

export function makeInputs({ promptLength, batch, textTokens }: Spec, { width, vocabulary }: Shape): Inputs {
  const next = numbers()
  const token = () => Math.floor(next() * vocabulary)
  return {
    prompt: Float32Array.from({ length: promptLength * width }, () => 0.2 * (next() - 0.5)),
    examples: Array.from({ length: batch }, () => ({
      ids: Int32Array.from({ length: textTokens }, token),
      read: [textTokens - 1],
      cut: false,
    })),
    labels: Array.from({ length: batch }, (_, row) => row % CLASSES),
    labelTokens: Array.from({ length: CLASSES }, (_, index) => [100 + index]),
  }
}

export function makeConstants({ batch }: Spec, { vocabulary }: Shape): TransferConstants {
  const next = numbers()
  const logits = () => Float32Array.from({ length: batch * vocabulary }, () => 4 * (next() - 0.5))
  return {
    studentOutput: softmaxRows(logits(), vocabulary, TEMPERATURE),
    studentShift: softmaxRows(logits(), vocabulary, TEMPERATURE),
    teacherPlain: logits(),
  }
}

/** Uniform in [0, 1): a linear congruential generator (Numerical Recipes). */
export function numbers(): () => number {
  let state = 12_345
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
