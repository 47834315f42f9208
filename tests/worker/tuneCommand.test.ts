import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import * as z from 'zod/mini'
import { readPromptFolder } from '../../workers/host/promptFolder.ts'
import { tuneCommand } from '../../workers/host/cli/tune.ts'
import { sha256Hex } from '../../workers/model/manifest.ts'
import { checkCertificate } from '../../workers/privacy/certificate.ts'
import type { ErrorCode } from '../../workers/protocol/errors.ts'
import { Certificate } from '../../workers/protocol/certificate.ts'
import { DEMO_STUDENT, readBytes, rejectionOf } from '../unit/model/support.ts'
import { sampleFile } from './support.ts'

const TASK = fileURLToPath(new URL('../../public/samples/banking-task.json', import.meta.url))
const FILES = ['adapter_config.json', 'adapter_model.safetensors', 'certificate.json']
let folder = ''
let data = ''
let ledger = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'softpost-tune-'))
  data = join(folder, 'rows.csv')
  ledger = join(folder, 'ledger')
  await writeFile(data, new Uint8Array(await (await sampleFile(150)).arrayBuffer()))
})
afterAll(async () => await rm(folder, { recursive: true }))

const base = () => [
  '--model',
  DEMO_STUDENT,
  '--task',
  TASK,
  '--data',
  data,
  '--backend',
  'wasm',
  '--ledger',
  ledger,
  '--file-budget',
  '99',
]
const tiny = ['--steps', '3', '--batch', '8', '--length', '4']

/** The last line on standard output. */
async function lastLine(args: readonly string[]): Promise<unknown> {
  const written: string[] = []
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text))
    return true
  })
  try {
    expect(await tuneCommand.run(args)).toBe(0)
  } finally {
    out.mockRestore()
  }
  return JSON.parse(written.join('').trimEnd().split('\n').at(-1) ?? '')
}

const Report = z.strictObject({
  epsilon: z.nullable(z.number()),
  delta: z.nullable(z.number()),
  sigma: z.nullable(z.number()),
  steps: z.int(),
  sampleRate: z.number(),
  examplesPerSecond: z.number().check(z.positive()),
  out: z.string(),
})

describe('writes a prompt with its certificate', () => {
  test('with DP, at δ = 1e-5 where none is given; a seed sets public choices alone', async () => {
    const prompts: Float32Array[] = []
    for (const name of ['private', 'private again']) {
      const out = join(folder, name)
      const options = ['--epsilon', '4', '--init', 'random', '--seed', '7', '--out', out, '--json']
      const report = Report.parse(await lastLine([...base(), ...tiny, ...options]))
      expect(report).toMatchObject({ delta: 1e-5, steps: 3, out })
      expect(report.epsilon).toBeLessThanOrEqual(4)
      expect((await readdir(out)).sort()).toEqual(FILES)
      const certificate = Certificate.parse(JSON.parse(await readFile(join(out, 'certificate.json'), 'utf8')))
      expect(checkCertificate(certificate).epsilon).toBeCloseTo(report.epsilon ?? Number.NaN, 3)
      expect(certificate.privacy).toMatchObject({ steps: 3, sigma: report.sigma })
      expect(certificate.promptSha256).toBe(await sha256Hex(readBytes(join(out, 'adapter_model.safetensors'))))
      const { length, values } = await readPromptFolder(out)
      expect(length).toBe(4)
      prompts.push(values)
    }
    expect(prompts[1]).not.toEqual(prompts[0])
  })

  test('with persons as the units', async () => {
    const owned = join(folder, 'owned.csv')
    const [header = '', ...lines] = (await readFile(data, 'utf8')).trim().split('\n')
    await writeFile(owned, [`${header},user`, ...lines.map((line, row) => `${line},u${row % 40}`)].join('\n'))
    const out = join(folder, 'persons')
    const unit = ['--unit', 'person', '--group-column', 'User', '--max-rows-per-person', '2', '--held-out', '0']
    const options = ['--data', owned, '--delta', '1e-3', ...unit, '--out', out, '--json']
    // Runs per row are on record for the same rows.
    await rejectionOf('ledger', tuneCommand.run([...base(), ...tiny, ...options]))
    const report = Report.parse(
      await lastLine([...base(), ...tiny, ...options, '--ledger', join(folder, 'persons-ledger')]),
    )
    // 40 persons, of whom 8 are expected in each step.
    expect(report.sampleRate).toBe(0.2)
    const certificate = Certificate.parse(JSON.parse(await readFile(join(out, 'certificate.json'), 'utf8')))
    expect(certificate.privacy).toMatchObject({ unit: 'person', maxRowsPerPerson: 2, sampleRate: 0.2 })
  })

  test('without DP, the same for the same seed; in place of an earlier one only when told to', async () => {
    const out = join(folder, 'plain')
    const args = [...base(), ...tiny, '--no-dp', '--seed', '7', '--out', out, '--json']
    const report = Report.parse(await lastLine(args))
    expect(report).toMatchObject({ epsilon: null, delta: null, sigma: null })
    const first = (await readPromptFolder(out)).values
    const { message } = await rejectionOf('usage', tuneCommand.run(args))
    expect(message).toContain('--force')
    await lastLine([...args, '--force'])
    expect((await readPromptFolder(out)).values).toEqual(first)
    await writeFile(join(out, 'notes.txt'), 'mine')
    await rejectionOf('usage', tuneCommand.run([...args, '--force']))
    expect(await readFile(join(out, 'notes.txt'), 'utf8')).toBe('mine')
  })
})

test('keeps an earlier prompt that did clearly better beside the last one', async () => {
  const topics = ['sports', 'music', 'food', 'money']
  const rows = Array.from({ length: 600 }, (_, row) => {
    const topic = topics[row % topics.length] ?? ''
    return `${row}${` ${topic}`.repeat(6)},${topic}`
  })
  const [file, task, out] = [join(folder, 'topics.csv'), join(folder, 'topics.json'), join(folder, 'topics')]
  await writeFile(file, ['text,label', ...rows].join('\n'))
  const labels = Object.fromEntries(topics.map((topic) => [topic, [topic]]))
  await writeFile(task, JSON.stringify({ template: '{text}', labels, initText: 'What comes next?' }))
  // A step so long that it leads anywhere.
  const options = ['--task', task, '--data', file, '--no-dp', '--seed', '1', '--length', '4', '--batch', '8']
  const args = [...base(), ...options, '--steps', '1', '--lr', '9', '--out', out, '--json']
  const report = Report.parse(await lastLine(args))
  expect(report.out).toBe(out)
  const [last, start] = await Promise.all([out, `${out}-step-0`].map(readPromptFolder))
  expect(start?.values).not.toEqual(last?.values)
  // Embeddings of tokens: a step of 9 is far outside of them.
  expect(Math.max(...(start?.values ?? []))).toBeLessThan(2)
  expect(Math.max(...(last?.values ?? []))).toBeGreaterThan(2)
  expect((await readdir(`${out}-step-0`)).sort()).toEqual(FILES)
})

describe('refuses', () => {
  test.each<[ErrorCode, string[]]>([
    ['privacy-argument', ['--delta', '0.1']],
    ['privacy-argument', ['--epsilon', '0']],
    ['privacy-argument', ['--batch', '1000']],
    ['privacy-argument', ['--no-dp', '--clip', '1']],
    ['bad-request', ['--steps', '0']],
    ['usage', ['--steps', 'many']],
    ['usage', ['--no-dp', '--epsilon', '8']],
    ['usage', ['--held-out', '1']],
    ['usage', ['--seed', '1.5']],
    ['usage', ['--unknown']],
    ['usage', ['--unit', 'person']],
    ['usage', ['--group-column', 'user']],
    ['usage', ['--unit', 'person', '--group-column', 'user', '--no-dp']],
    ['usage', ['--unit', 'household']],
    ['column-missing', ['--unit', 'person', '--group-column', 'user']],
    ['usage', ['--data', '/no/such/file.csv']],
    ['column-missing', ['--text-column', 'review']],
    ['text-too-long', ['--length', '1000']],
  ])('%s for %j, before anything is written', async (code, options) => {
    const out = join(folder, 'never')
    await rejectionOf(code, tuneCommand.run([...base(), '--out', out, ...options]))
    await expect(stat(out)).rejects.toThrow('ENOENT')
  })
})

test('cut off in mid-run leaves nothing behind', async () => {
  const out = join(folder, 'cut')
  const script = join(folder, 'cut.mjs')
  const command = new URL('../../workers/host/cli/runCommandLine.ts', import.meta.url).href
  const args = ['tune', ...base(), '--steps', '5000', '--batch', '8', '--out', out]
  await writeFile(
    script,
    `const { runCommandLine } = await import(${JSON.stringify(command)})\nawait runCommandLine(${JSON.stringify(args)})\n`,
  )
  const before = await readdir(folder)
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.once('exit', (_, signal) => resolve(signal)))
  await new Promise<void>((resolve, reject) => {
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      if (said.includes('step 1 of 5000')) resolve()
    })
    child.once('exit', () => reject(new Error(said)))
  })
  child.kill('SIGINT')
  expect(await ended).toBe('SIGINT')
  // The ledger knows of it.
  expect((await readdir(folder)).filter((name) => name !== 'ledger-journal')).toEqual(before)
})
