/** A model that stays loaded and answers texts with the prompts it is told to use: with classes, or with texts. */
import { scoreClasses, toPredictions } from '../../evaluate/classify.ts'
import type { Scores } from '../../evaluate/metrics.ts'
import { writeTexts } from '../../evaluate/writeTexts.ts'
import type { ModelReport, Prediction, TextAnswer } from '../../protocol/tuner.ts'
import { requireFits } from '../../prompt/softPrompt.ts'
import type { ClassifyTask, ExtractTask, Task } from '../../protocol/task.ts'
import type { BackendName, WeightFormat } from '../../protocol/tuning.ts'
import { answerForm } from '../../task/answers.ts'
import { createEncoder } from '../../task/encoder.ts'
import { requireLabelWords } from '../../task/labelWords.ts'
import { openModelFolder } from '../modelFolder.ts'
import { openHostEngine } from '../openEngine.ts'
import { readPromptFolder } from '../promptFolder.ts'
import { modelTokenizer } from '../../model/modelTokenizer.ts'

export type TextsRequest<T extends Task> = {
  /** PEFT folder, or null for the model without a prompt. */
  readonly promptDir: string | null
  readonly task: T
  readonly texts: readonly string[]
}

export type PromptedModel = {
  readonly model: ModelReport
  classify(request: TextsRequest<ClassifyTask>): Promise<readonly Prediction[]>
  /** Class scores alone, with progress in rows. */
  score(request: TextsRequest<ClassifyTask>, onProgress?: (done: number) => void): Promise<Scores>
  /** Answers that are texts, as they come. */
  write(request: TextsRequest<ExtractTask>): AsyncGenerator<TextAnswer, void>
  close(): Promise<void>
}

/** Which slot of the engine is of no matter: it holds one model. */
const SLOT = 'teacher'

/** Errors: those of the model folder and of the backend; of a call: `prompt-invalid`, `prompt-mismatch`, `label-word`,
 * `task-invalid`.
 */
export async function openPromptedModel(options: {
  readonly modelDir: string
  readonly backend: 'auto' | BackendName
  /** The numbers of the files where not given. */
  readonly weights?: WeightFormat
}): Promise<PromptedModel> {
  const folder = await openModelFolder(options.modelDir)
  const tokenizer = modelTokenizer(folder.files)
  const engine = await openHostEngine({ backend: options.backend })
  let model: ModelReport
  try {
    model = { ...(await engine.load(SLOT, folder.files, options.weights)), id: folder.manifest.id }
  } catch (error) {
    await engine.close()
    throw error
  }

  /** The prompt, and the texts as the model reads them beside it. */
  const read = async ({ promptDir, task, texts }: TextsRequest<Task>) => {
    const prompt = promptDir === null ? null : await readPromptFolder(promptDir)
    if (prompt !== null) requireFits(prompt, model)
    const { contextLength } = model
    const encoder = createEncoder({ task, tokenizer, contextLength, promptLength: prompt?.length ?? 0 })
    return { engine, slot: SLOT, prompt, examples: texts.map((text) => encoder.encode(text)) } as const
  }

  const score = async (request: TextsRequest<ClassifyTask>, onProgress?: (done: number) => void): Promise<Scores> => {
    const labelTokens = requireLabelWords(request.task, tokenizer)
    const progress = onProgress === undefined ? {} : { onProgress }
    return await scoreClasses({ ...(await read(request)), labelTokens, ...progress })
  }

  async function* write(request: TextsRequest<ExtractTask>): AsyncGenerator<TextAnswer, void> {
    const form = answerForm(request.task, tokenizer)
    yield* writeTexts({ ...(await read(request)), form, tokenizer })
  }

  return {
    model,
    score,
    write,
    classify: async (request) => toPredictions(request.task, await score(request)),
    close: () => engine.close(),
  }
}
