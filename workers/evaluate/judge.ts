/** How known answers fare with a loaded model, without writing any. */
import type { Engine, ModelSlot } from '../pool/types.ts'
import type { SoftPrompt } from '../prompt/softPrompt.ts'
import type { Encoded } from '../task/types.ts'

export type JudgeJob = {
  readonly engine: Pick<Engine, 'judge'>
  readonly slot: ModelSlot
  /** Null for the model without a prompt. */
  readonly prompt: SoftPrompt | null
  /** All with known answers. */
  readonly examples: readonly Encoded[]
}

/** `loss`: mean cross-entropy of the answer's tokens and end token; `exact`: whether just this would be written. */
export type Judgement = { readonly loss: number; readonly exact: boolean }

/** Rows of one call; as many as where classes are scored. */
const ROWS_PER_CALL = 256

export async function judgeAnswers({ engine, slot, prompt, examples }: JudgeJob): Promise<Judgement[]> {
  const judgements: Judgement[] = []
  for (let start = 0; start < examples.length; start += ROWS_PER_CALL) {
    const part = examples.slice(start, start + ROWS_PER_CALL)
    const values = await engine.judge({
      slot,
      prompt: prompt?.values ?? null,
      promptLength: prompt?.length ?? 0,
      examples: part,
    })
    for (const at of part.keys()) {
      judgements.push({ loss: values[at * 2] ?? Number.NaN, exact: values[at * 2 + 1] === 1 })
    }
  }
  return judgements
}
