/** One update of the prompt, by torch's rules and defaults. On a noised gradient it is post-processing. */
import type { TuningState } from './types.ts'

export type Update = {
  readonly optimizer: 'adam' | 'sgd'
  readonly learningRate: number
  readonly gradient: Float32Array
}

/** torch.optim.Adam's defaults (Kingma and Ba, arXiv 1412.6980). */
const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const

/** The state after one more step; `state` is left as it is. */
export function updateState(state: TuningState, { optimizer, learningRate, gradient }: Update): TuningState {
  const stepsDone = state.stepsDone + 1
  if (optimizer === 'sgd') {
    const prompt = state.prompt.map((value, i) => value - learningRate * (gradient[i] ?? 0))
    return { ...state, prompt, stepsDone }
  }
  const { beta1, beta2, epsilon } = ADAM
  const m = state.moments.m.map((value, i) => beta1 * value + (1 - beta1) * (gradient[i] ?? 0))
  const v = state.moments.v.map((value, i) => beta2 * value + (1 - beta2) * (gradient[i] ?? 0) ** 2)
  // Both moments start at 0 and are scaled up for it.
  const scale1 = 1 - beta1 ** stepsDone
  const scale2 = 1 - beta2 ** stepsDone
  const prompt = state.prompt.map(
    (value, i) => value - (learningRate * ((m[i] ?? 0) / scale1)) / (Math.sqrt((v[i] ?? 0) / scale2) + epsilon),
  )
  return { ...state, prompt, moments: { m, v }, stepsDone }
}

/** A run that has made no step. */
export function startState(prompt: Float32Array<ArrayBuffer>): TuningState {
  const zeros = (): Float32Array<ArrayBuffer> => new Float32Array(prompt.length)
  return { prompt, moments: { m: zeros(), v: zeros() }, stepsDone: 0 }
}
