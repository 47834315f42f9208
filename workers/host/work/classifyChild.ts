/** Process that keeps the large model in memory and classifies texts with the prompts it is told to use. */
import { requireClassify } from '../../task/kinds.ts'
import { serveCalls } from './childHarness.ts'
import type { ClassifyWork } from './childClassifier.ts'
import { openPromptedModel, type PromptedModel } from './promptedModel.ts'

let open: { readonly modelDir: string; readonly classifier: PromptedModel } | null = null

serveCalls(async (body) => {
  // The host built the value and types it; the texts in it were parsed by the route.
  const work = body as ClassifyWork
  if (open?.modelDir !== work.modelDir) {
    await open?.classifier.close()
    open = null
    open = {
      modelDir: work.modelDir,
      classifier: await openPromptedModel({ modelDir: work.modelDir, backend: work.backend }),
    }
  }
  const task = requireClassify(work.task, 'ask for /generate')
  return await open.classifier.classify({ promptDir: work.promptDir, task, texts: work.texts })
})
