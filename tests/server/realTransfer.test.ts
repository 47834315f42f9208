/** The host with the processes that really compute: a prompt goes up, is transferred with public texts, and classifies. */
import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as z from 'zod/mini'
import { main } from '../../workers/host/cli/main.ts'
import { readManifest } from '../../workers/host/modelFolder.ts'
import { readPromptFolder, writePromptFolder } from '../../workers/host/promptFolder.ts'
import { openPromptedModel } from '../../workers/host/work/promptedModel.ts'
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
  const classifier = await openPromptedModel({ modelDir: join(models, 'demo-teacher'), backend: 'wasm' })
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

const LAUNCHER = fileURLToPath(new URL('../../workers/host/launch.mjs', import.meta.url))

/** Runs the command as a person would; resolves to the last line of its standard output, parsed. */
async function softpost(args: readonly string[]): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, [LAUNCHER, 'softpost', ...args, '--json'])
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
}

/** The exit code and what a command says when it cannot go on. */
async function failureOf(args: readonly string[]): Promise<{ readonly code: number; readonly said: string }> {
  let said = ''
  const code = await main(args, { out: () => undefined, err: (text) => (said += text) })
  return { code, said }
}

const at = (name: string): string => join(ground.path, name)

/** Three commands, each a process that loads its models. */
const COMMANDS_MS = 480_000

test(
  'the command line transfers a prompt, the same for the same seed, and measures it on labelled rows',
  async () => {
    const ps = {
      values: Float32Array.from({ length: ROWS * 256 }, (_, i) => 0.1 * Math.sin(i)),
      length: ROWS,
      width: 256,
    }
    await writePromptFolder(at('ps'), ps, { baseModel: 'demo-student' })
    await writeFile(at('task.json'), JSON.stringify(TASK))
    await writeFile(at('public.txt'), 'The food was cold\nA long walk by the sea\nNobody answered the phone\n')
    await writeFile(at('data.tsv'), 'text\tlabel\nloved it\tpositive\nhated it\tnegative\nso so\tneutral\n')
    const pair = ['--teacher', join(models, 'demo-teacher'), '--student', join(models, 'demo-student')]
    const inputs = [...pair, '--prompt', at('ps'), '--task', at('task.json'), '--public', at('public.txt')]
    const choices = ['--alpha', '0.25', '--steps', '2', '--batch', '2', '--seed', '1', '--backend', 'wasm']
    const transfer = ['transfer', ...inputs, ...choices]
    const { loss, ...summary } = z
      .strictObject({ alpha: z.number(), steps: z.number(), loss: z.number(), out: z.string() })
      .parse(await softpost([...transfer, '--out', at('pt')]))
    expect(summary).toEqual({ alpha: 0.25, steps: 2, out: at('pt') })
    expect(loss).toBeGreaterThan(0)
    await softpost([...transfer, '--out', at('again')])
    expect(await readFile(join(at('again'), PARTS.weights))).toEqual(await readFile(join(at('pt'), PARTS.weights)))

    const share = z.number().check(z.gte(0), z.lte(1))
    const classify = [
      'classify',
      '--model',
      join(models, 'demo-teacher'),
      '--task',
      at('task.json'),
      '--backend',
      'wasm',
    ]
    const prompted = [...classify, '--data', at('data.tsv'), '--prompt', at('pt'), '--out', at('answers')]
    const measured = z
      .strictObject({
        n: z.literal(2),
        accuracy: share,
        macroF1: share,
        recall: z.strictObject({ positive: share, negative: share }),
        examplesPerSecond: z.number().check(z.positive()),
      })
      .parse(await softpost(prompted))
    const answers = (await readFile(at('answers'), 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => z.object({ text: z.string(), label: z.string() }).parse(JSON.parse(line)))
    expect(answers.map(({ text }) => text)).toEqual(['loved it', 'hated it'])
    const right = answers.filter(({ label }, row) => label === ['positive', 'negative'][row]).length
    expect(measured.accuracy).toBe(right / 2)

    const unlabelled = await failureOf([...classify, '--data', at('public.txt')])
    expect(unlabelled.said).toContain('has no labels to measure by')
    const nowhere = await failureOf([...classify, '--data', at('data.tsv'), '--prompt', at('nowhere')])
    expect(nowhere.said).toContain('adapter_config.json is missing')
    const again = await failureOf([...transfer, '--out', at('pt')])
    expect(again.said).toContain('holds an earlier result')
    const small = { values: ps.values.slice(0, ROWS * 8), length: ROWS, width: 8 }
    await writePromptFolder(at('small'), small, { baseModel: 'another' })
    const other = await failureOf([...transfer, '--prompt', at('small'), '--out', at('new')])
    expect(other.said).toContain('the prompt has width 8 and demo-student has 256')
    for (const { code, said } of [unlabelled, nowhere, again, other]) {
      expect(code).not.toBe(0)
      expect(said.trimEnd().split('\n')).toHaveLength(1)
    }
  },
  COMMANDS_MS,
)
