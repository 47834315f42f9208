/** Process that keeps the large model in memory and answers texts with the prompts it is told to use. */
import { serveCalls } from './childHarness.ts'
import type { AnswerWork } from './childClassifier.ts'
import { openPromptedModel, type PromptedModel } from './promptedModel.ts'

let open: { readonly modelDir: string; readonly model: PromptedModel } | null = null

serveCalls(async (body, onProgress) => {
  // The host built the value and types it; the texts in it were parsed by the route.
  const work = body as AnswerWork
  if (open?.modelDir !== work.modelDir) {
    await open?.model.close()
    open = null
    open = {
      modelDir: work.modelDir,
      model: await openPromptedModel({ modelDir: work.modelDir, backend: work.backend }),
    }
  }
  const { promptDir, task, texts } = work
  if (task.kind !== 'extract') return await open.model.classify({ promptDir, task, texts })
  for await (const answer of open.model.write({ promptDir, task, texts })) onProgress(answer)
  return null
})
