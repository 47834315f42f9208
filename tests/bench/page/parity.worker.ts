/** Compares this browser's numbers with reference vectors: one set and backend a message. */
import { computeParity, type ParityFiles } from '../../../workers/evaluate/parity/parity.ts'
import { parseVectors } from '../../../workers/evaluate/parity/vectors.ts'
import { chooseBackend, openBackend } from '../../../workers/runtime/backend.ts'
import { browserPlatform, fetchFiles, MODEL_FILES } from './browserPlatform.ts'

export type ParityQuestion = { readonly set: string; readonly backend: 'wasm' | 'webgpu' }
export type ParityAnswer = { readonly fields: number; readonly failed: readonly string[] }

const FOLDER = '/tests/golden/parity'

addEventListener('message', ({ data }: MessageEvent<ParityQuestion>) => {
  void compare(data).then(
    (answer) => postMessage(answer),
    (error: unknown) => postMessage({ fields: 0, failed: [String(error)] } satisfies ParityAnswer),
  )
})

async function compare({ set, backend }: ParityQuestion): Promise<ParityAnswer> {
  const response = await fetch(`${FOLDER}/${set}/vectors.json`)
  const given = parseVectors(await response.json())
  const gpu = backend === 'webgpu' ? await browserPlatform.openGpu() : undefined
  const opened = await openBackend(await chooseBackend(backend, gpu), await browserPlatform.readWasm())
  const level = backend === 'webgpu' ? 'gpu' : 'cpu'
  const { fields } = await computeParity(given, { files: await filesOf(set, given.of), backend: opened, level })
  const failed = Object.entries(fields).flatMap(([name, { pass }]) => (pass ? [] : [name]))
  return { fields: Object.keys(fields).length, failed }
}

async function filesOf(set: string, of: ReturnType<typeof parseVectors>['of']): Promise<ParityFiles> {
  if (of === 'optimizers') return {}
  if (of === 'model') return { model: await fetchFiles(`${FOLDER}/${set}`, MODEL_FILES) }
  const [teacher, student] = await Promise.all(
    ['teacher', 'student'].map((name) => fetchFiles(`${FOLDER}/${set}/${name}`, MODEL_FILES)),
  )
  return { ...(teacher ? { teacher } : {}), ...(student ? { student } : {}) }
}
