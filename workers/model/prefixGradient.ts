/** Sums over texts of a prompt's gradient: from many passes to the one `[P, d]`. */
import { add, addN, reshape, sum, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core'
import type { LanguageModel, Prefix, PrefixGradient, PromptSum, TokenBatch } from './types.ts'

/** Over the texts of a batch: `[m·P, 2d]` to `[P, 2d]` in each layer; `rows` is P. */
export function overTexts(gradient: PrefixGradient, rows: number): Tensor2D[] {
  return gradient.map((layer) => {
    const [count, width] = layer.shape
    return sum<Tensor2D>(reshape<Tensor3D['rankType']>(layer, [count / rows, rows, width]), 0)
  })
}

/** Of the texts' rows; the prompt's rows may be so many more where each pass takes them back to the prompt. */
const PROMPT_SHARE = 1 / 8

/**
 * How far each pass of a step goes back: to the prompt itself, in fewer kernels, where its rows are few beside those of
 * the texts; else to what the prefix holds, so that the rest of the way is gone once.
 */
export function wayBack(passes: readonly TokenBatch[], { rows }: Prefix): keyof PromptSum {
  const textRows = passes.reduce((all, { size, length }) => all + size * length, 0)
  return (passes.length - 1) * rows <= PROMPT_SHARE * textRows ? 'prompt' : 'prefix'
}

/** Over passes. */
export function addSums(parts: readonly PromptSum[]): PromptSum {
  const prompts = parts.flatMap(({ prompt }) => prompt ?? [])
  const [first, ...rest] = parts.flatMap(({ prefix }) => (prefix ? [prefix] : []))
  return {
    prompt: prompts.length > 0 ? addN(prompts) : null,
    prefix: first?.map((gradient, layer) => addN([gradient, ...rest.flatMap((part) => part[layer] ?? [])])) ?? null,
  }
}

/** The gradient of the prompt, `[P, d]`; inside the `tidy` that made the sum, or of tensors that were kept. */
export function promptOf(model: LanguageModel, prefix: Prefix, { prompt, prefix: held }: PromptSum): Tensor2D {
  const rest = held && model.prefixBackward(prefix, held)
  const apart = rest && reshape<Tensor2D['rankType']>(rest, [rest.shape[1], rest.shape[2]])
  const all = prompt && apart ? add<Tensor2D>(prompt, apart) : (prompt ?? apart)
  if (all === null) throw new Error('promptOf: no pass added anything')
  return all
}
