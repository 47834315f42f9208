/** Lets a loaded model write its answers to texts: what the command line, the host and the browser's worker share. */
import { TextStream } from '../generate/textStream.ts'
import type { Tokenizer } from '../model/tokenizer.ts'
import type { Engine, ModelSlot, WrittenAnswer } from '../pool/types.ts'
import type { SoftPrompt } from '../prompt/softPrompt.ts'
import type { TextAnswer } from '../protocol/tuner.ts'
import type { AnswerForm } from '../task/answers.ts'
import type { Encoded } from '../task/types.ts'

export type WriteJob = {
  readonly engine: Pick<Engine, 'write' | 'report'>
  readonly slot: ModelSlot
  /** Null for the model without a prompt. */
  readonly prompt: SoftPrompt | null
  readonly form: Pick<AnswerForm, 'ends' | 'maxTokens'>
  readonly tokenizer: Pick<Tokenizer, 'decode'>
  /** Without answers. */
  readonly examples: readonly Encoded[]
}

/** Texts of one call for each worker: few enough that answers keep coming, enough that the prompt's own way is cheap. */
const TEXTS_PER_WORKER = 16

/** One answer an example, in their order. */
export async function* writeTexts(job: WriteJob): AsyncGenerator<TextAnswer, void> {
  for await (const written of writeTokens(job)) yield toAnswer(written, job.tokenizer)
}

/** The same as tokens. */
export async function* writeTokens({
  engine,
  slot,
  prompt,
  form,
  examples,
}: Omit<WriteJob, 'tokenizer'>): AsyncGenerator<WrittenAnswer, void> {
  const size = TEXTS_PER_WORKER * engine.report.workers
  for (let start = 0; start < examples.length; start += size) {
    yield* await engine.write({
      slot,
      prompt: prompt?.values ?? null,
      promptLength: prompt?.length ?? 0,
      examples: examples.slice(start, start + size),
      ends: form.ends,
      maxTokens: form.maxTokens,
    })
  }
}

function toAnswer({ ids, probabilities, ended }: WrittenAnswer, tokenizer: Pick<Tokenizer, 'decode'>): TextAnswer {
  const stream = new TextStream(tokenizer, [])
  const texts = ids.map((id) => stream.add(id))
  const rest = stream.end()
  const tokens = texts.map((text, at) => ({
    text: at === texts.length - 1 ? text + rest : text,
    probability: probabilities[at] ?? Number.NaN,
  }))
  return { answer: tokenizer.decode(ids).trim(), tokens, ended }
}
