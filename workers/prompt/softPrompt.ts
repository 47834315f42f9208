/** A soft prompt and the models that it fits. */
import { SoftpostError } from '../protocol/errors.ts'

/** Learned embedding vectors that stand before the text: row-major `[length, width]` (P and d of the paper). */
export type SoftPrompt = {
  readonly values: Float32Array<ArrayBuffer>
  /** P. */
  readonly length: number
  /** d. */
  readonly width: number
}

/** Positions that must be left for the text and its template. */
const LEAST_TEXT = 1

/**
 * @throws SoftpostError `prompt-mismatch` when the prompt cannot stand before a text of this model.
 */
export function requireFits(
  prompt: Pick<SoftPrompt, 'length' | 'width'>,
  model: { readonly id: string; readonly width: number; readonly contextLength: number },
): void {
  if (prompt.width !== model.width) {
    throw new SoftpostError(
      'prompt-mismatch',
      `the prompt has width ${prompt.width} and ${model.id} has ${model.width}; it was made for another model, tune or transfer one for ${model.id}`,
      { data: { promptWidth: prompt.width, modelWidth: model.width, model: model.id } },
    )
  }
  if (prompt.length + LEAST_TEXT > model.contextLength) {
    throw new SoftpostError(
      'prompt-mismatch',
      `the prompt's ${prompt.length} rows leave no room for text in the ${model.contextLength} positions of ${model.id}; use a shorter prompt`,
      { data: { promptLength: prompt.length, contextLength: model.contextLength, model: model.id } },
    )
  }
}
