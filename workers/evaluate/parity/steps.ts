/** Steps of the product's Adam on a prompt, as fields of a vectors file. */
import { startState, updateState } from '../../tune/optimizer.ts'
import type { Computed } from './compare.ts'

export type Prompt = Float32Array<ArrayBuffer>

type Mean = { readonly loss: number; readonly gradient: Float32Array }

/** Steps from `start`; `losses` are those before each step, `prompts` those after. */
export async function adamSteps(
  start: Prompt,
  options: {
    readonly learningRate: number
    readonly steps: number
    readonly gradientAt: (prompt: Prompt, step: number) => Promise<Mean>
  },
): Promise<{ readonly losses: number[]; readonly prompts: number[]; readonly last: Prompt }> {
  const losses: number[] = []
  const prompts: number[] = []
  let state = startState(start)
  for (let step = 0; step < options.steps; step++) {
    const { loss, gradient } = await options.gradientAt(state.prompt, step)
    losses.push(loss)
    state = updateState(state, { optimizer: 'adam', learningRate: options.learningRate, gradient })
    prompts.push(...state.prompt)
  }
  return { losses, prompts, last: state.prompt }
}

export function afterSteps(
  name: string,
  actual: readonly number[],
  expected: readonly number[],
  { learningRate, steps }: { readonly learningRate: number; readonly steps: number },
): Computed {
  return { name, actual, expected, steps: { learningRate, done: Array.from({ length: steps }, (_, step) => step + 1) } }
}
