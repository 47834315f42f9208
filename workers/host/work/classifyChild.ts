/** Process that keeps the large model in memory and classifies texts with the prompts it is told to use. */
import { serveCalls } from './childHarness.ts'
import type { ClassifyWork } from './childClassifier.ts'
import { openClassifier, type Classifier } from './classifier.ts'

let open: { readonly modelDir: string; readonly classifier: Classifier } | null = null

serveCalls(async (body) => {
  // The host built the value and types it; the texts in it were parsed by the route.
  const work = body as ClassifyWork
  if (open?.modelDir !== work.modelDir) {
    await open?.classifier.close()
    open = null
    open = {
      modelDir: work.modelDir,
      classifier: await openClassifier({ modelDir: work.modelDir, backend: work.backend }),
    }
  }
  return await open.classifier.classify({ promptDir: work.promptDir, task: work.task, texts: work.texts })
})
