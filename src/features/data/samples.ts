/** The samples that this site ships (`public/samples/index.json`). */
import * as z from 'zod/mini'
import { SoftpostError } from '../../../workers/protocol/errors.ts'
import { Task } from '../../../workers/protocol/task.ts'
import { getPublic } from '../../engine/net.ts'
import { LANGUAGE } from '../../ui/language.ts'

const Sample = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  /** The same words for readers of German. */
  german: z.optional(z.object({ name: z.string(), description: z.string() })),
  task: Task,
  files: z.object({ train: z.object({ name: z.string(), rows: z.int() }) }),
  textColumn: z.string(),
  labelColumn: z.string(),
  licence: z.string(),
  attribution: z.string(),
})
export type Sample = z.infer<typeof Sample>

const SampleIndex = z.object({ samples: z.array(Sample) })

export async function listSamples(): Promise<readonly Sample[]> {
  const bytes = await getPublic('/samples/index.json', 'sample')
  const parsed = SampleIndex.safeParse(JSON.parse(new TextDecoder().decode(bytes)))
  if (parsed.success)
    return parsed.data.samples.map((sample) => (LANGUAGE === 'de' ? { ...sample, ...sample.german } : sample))
  throw new SoftpostError('internal', 'the list of samples has another form than this page knows; reload the page', {
    cause: parsed.error,
  })
}

/** The sample as a file, so that it takes the same way as a person's own. */
export async function fetchSample({ files: { train } }: Sample): Promise<File> {
  const bytes = await getPublic(`/samples/${train.name}`, 'sample')
  return new File([bytes], train.name, { type: 'text/csv' })
}
