/** Optimisers fed with given gradients: the product's own, by the class that torch calls them. */
import { AdamW, clipFactor, norm } from '../../distill/adamw.ts'
import { startState, updateState } from '../../tune/optimizer.ts'
import type { Computed } from './compare.ts'
import { optimizerCases, type OptimizerCase, type OptimizerVectors } from './vectors.ts'

export function optimizerFields(vectors: OptimizerVectors): Computed[] {
  return optimizerCases(vectors).map(([name, settings]) => ({
    name: `${name}.params_after`,
    actual: parametersAfter(vectors, settings),
    expected: settings.params_after.data,
  }))
}

function parametersAfter({ start, gradients }: OptimizerVectors, settings: OptimizerCase): number[] {
  const step = stepper(Float32Array.from(start), settings)
  return gradients.flatMap((values) => {
    const gradient = Float32Array.from(values)
    const { clip_grad_norm: limit } = settings
    const scale = limit === null ? 1 : clipFactor(norm(gradient), limit)
    return [...step(gradient, scale)]
  })
}

type Step = (gradient: Float32Array, scale: number) => Float32Array

/** Tuning's optimiser where its fixed settings are those asked for, else distillation's, which takes any. */
function stepper(start: Float32Array<ArrayBuffer>, settings: OptimizerCase): Step {
  const { lr: learningRate, betas, eps, weight_decay: weightDecay } = settings
  const isTunings = betas[0] === 0.9 && betas[1] === 0.999 && eps === 1e-8 && weightDecay === 0
  if (settings.class === 'SGD' || (settings.class === 'Adam' && isTunings)) {
    const optimizer = settings.class === 'SGD' ? 'sgd' : 'adam'
    let state = startState(start)
    return (gradient, scale) => {
      state = updateState(state, { optimizer, learningRate, gradient: gradient.map((value) => value * scale) })
      return state.prompt
    }
  }
  const values = start.slice()
  const adamw = new AdamW(values.length, { beta1: betas[0], beta2: betas[1], epsilon: eps, weightDecay })
  return (gradient, scale) => {
    adamw.step(values, gradient, { learningRate, scale })
    return values
  }
}
