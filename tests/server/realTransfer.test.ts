/** The host with the processes that really compute: a prompt goes up, is transferred with public texts, and classifies. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readManifest } from '../../workers/host/modelFolder.ts'
import { readPromptFolder } from '../../workers/host/promptFolder.ts'
import { openClassifier } from '../../workers/host/work/classifier.ts'
import { ClassifyResponse, PARTS } from '../../workers/protocol/wire.ts'
import { isOver, jobWhen, openHost, prepareGround, send, type Ground, type TestHost } from './support/host.ts'
import { makeUpload, promptConfig, promptFile, sha256, withWeights, type Upload } from './support/uploads.ts'

const models = fileURLToPath(new URL('../../models', import.meta.url))
const SCRIPTS = {
  transfer: new URL('../../workers/host/work/transferChild.ts', import.meta.url),
  classify: new URL('../../workers/host/work/classifyChild.ts', import.meta.url),
}
const TASK = {
  template: '{text} It was',
  labels: { positive: ['great', 'good'], negative: ['terrible', 'bad'] },
  initText: 'Is this review positive or negative?',
}
const TEXTS = ['I could not stop laughing.', 'Two hours that I want back.', '']
const ROWS = 4
const STEPS = 3

let ground: Ground
let host: TestHost

beforeAll(async () => {
  ground = await prepareGround()
  host = await openHost({ ...ground.options, modelsDir: models, backend: 'wasm' }, { scripts: SCRIPTS })
})
afterAll(async () => {
  await host.close()
  await ground[Symbol.asyncDispose]()
})

/** A prompt for the demo student, as the page would send it. */
async function demoUpload(task: Upload['request']['task'] = TASK): Promise<Upload> {
  const { id, sha256: hash, width } = await readManifest(join(models, 'demo-student'))
  const upload = makeUpload(ground.models)
  const { certificate } = upload.request
  const request: Upload['request'] = {
    ...upload.request,
    student: { id, sha256: hash },
    task,
    alpha: 'auto',
    steps: STEPS,
    certificate: {
      ...certificate,
      student: { id, sha256: hash },
      declaredPublic: { ...certificate.declaredPublic, task, promptLength: ROWS },
    },
  }
  const weights = promptFile(ROWS, width, (index) => 0.1 * Math.sin(index))
  return withWeights({ ...upload, config: promptConfig(ROWS, width), request }, weights)
}

test('a prompt becomes one for the large model, and the host classifies as the files it hands out do', async () => {
  const upload = await demoUpload()
  const { id } = await send(host.app, upload)
  const steps = await jobWhen(host, id, ({ phase, state }) => phase === 'steps' || state === 'failed')
  expect(steps.error).toBeNull()
  const job = await jobWhen(host, id, isOver)
  // The public set has no labels of this task, so α cannot be measured.
  expect(job).toMatchObject({ state: 'finished', error: null, alpha: 0.5, step: STEPS, steps: STEPS })
  expect(job.loss).toBeGreaterThan(0)

  const folder = join(ground.path, 'received')
  await mkdir(folder)
  for (const name of [PARTS.config, PARTS.weights]) {
    const response = await host.app.request(`/v1/transfers/${id}/prompt/${name}`)
    expect(response.status).toBe(200)
    await writeFile(join(folder, name), new Uint8Array(await response.arrayBuffer()))
  }
  const prompt = await readPromptFolder(folder)
  expect([prompt.length, prompt.width]).toEqual([ROWS, 256])
  expect(sha256(new Uint8Array(prompt.values.buffer))).not.toBe(sha256(upload.weights.slice(-ROWS * 256 * 4)))

  const response = await host.app.request(`/v1/prompts/${id}/classify`, {
    method: 'POST',
    body: JSON.stringify({ texts: TEXTS }),
  })
  expect(response.status).toBe(200)
  const { predictions } = ClassifyResponse.parse(await response.json())
  const classifier = await openClassifier({ modelDir: join(models, 'demo-teacher'), backend: 'wasm' })
  try {
    expect(predictions).toEqual(await classifier.classify({ promptDir: folder, task: TASK, texts: TEXTS }))
    expect(predictions).not.toEqual(await classifier.classify({ promptDir: null, task: TASK, texts: TEXTS }))
  } finally {
    await classifier.close()
  }
  for (const { label, probabilities } of predictions) {
    const sorted = probabilities.toSorted((a, b) => b.probability - a.probability)
    expect(label).toBe(sorted[0]?.label)
    expect(probabilities.map((entry) => entry.label)).toEqual(['positive', 'negative'])
    expect(probabilities.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 9)
  }
})

test('a label word that the models split fails the transfer with the pieces, once', async () => {
  const labels = { positive: ['antidisestablishmentarian'], negative: ['bad'] }
  const { id } = await send(host.app, await demoUpload({ ...TASK, labels }))
  const job = await jobWhen(host, id, isOver)
  expect(job).toMatchObject({ state: 'failed', error: { code: 'label-word' } })
  expect(job.error?.message).toContain('antidisestablishmentarian')
})
