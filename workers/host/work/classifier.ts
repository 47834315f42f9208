/** A model that stays loaded and classifies texts with the prompts it is told to use. */
import { scoreClasses, toPredictions } from '../../evaluate/classify.ts'
import type { Scores } from '../../evaluate/metrics.ts'
import type { ModelReport, Prediction } from '../../protocol/tuner.ts'
import { requireFits } from '../../prompt/softPrompt.ts'
import type { Task } from '../../protocol/task.ts'
import type { BackendName, WeightFormat } from '../../protocol/tuning.ts'
import { createEncoder } from '../../task/encoder.ts'
import { requireLabelWords } from '../../task/labelWords.ts'
import { openModelFolder } from '../modelFolder.ts'
import { openHostEngine } from '../openEngine.ts'
import { readPromptFolder } from '../promptFolder.ts'
import { modelTokenizer } from '../../model/modelTokenizer.ts'

export type ClassifierRequest = {
  /** PEFT folder, or null for the model without a prompt. */
  readonly promptDir: string | null
  readonly task: Task
  readonly texts: readonly string[]
}

export type Classifier = {
  readonly model: ModelReport
  classify(request: ClassifierRequest): Promise<readonly Prediction[]>
  /** Class scores alone, with progress in rows. */
  score(request: ClassifierRequest, onProgress?: (done: number) => void): Promise<Scores>
  close(): Promise<void>
}

/** Which slot of the engine is of no matter: it holds one model. */
const SLOT = 'teacher'

/** Errors: those of the model folder and of the backend; of a call: `prompt-invalid`, `prompt-mismatch`, `label-word`. */
export async function openClassifier(options: {
  readonly modelDir: string
  readonly backend: 'auto' | BackendName
  /** The numbers of the files where not given. */
  readonly weights?: WeightFormat
}): Promise<Classifier> {
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

  const score = async (
    { promptDir, task, texts }: ClassifierRequest,
    onProgress?: (done: number) => void,
  ): Promise<Scores> => {
    const labelTokens = requireLabelWords(task, tokenizer)
    const prompt = promptDir === null ? null : await readPromptFolder(promptDir)
    if (prompt !== null) requireFits(prompt, model)
    const encoder = createEncoder({
      task,
      tokenizer,
      contextLength: model.contextLength,
      promptLength: prompt?.length ?? 0,
    })
    return await scoreClasses({
      engine,
      slot: SLOT,
      prompt,
      labelTokens,
      examples: texts.map((text) => encoder.encode(text)),
      ...(onProgress === undefined ? {} : { onProgress }),
    })
  }

  return {
    model,
    score,
    classify: async (request) => toPredictions(request.task, await score(request)),
    close: () => engine.close(),
  }
}
