/** `softpost distill` as a whole, on the demo teacher and a few texts. */
import { spawn } from 'node:child_process'
import { watch } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import * as z from 'zod/mini'
import { distillCommand } from '../../workers/host/cli/distill.ts'
import { readModelFolder } from '../../workers/host/modelFolder.ts'
import { readSafetensors, toFloat32 } from '../../workers/model/safetensors.ts'
import { DEMO_TEACHER, rejectionOf } from '../unit/model/support.ts'

const Report = z.strictObject({
  steps: z.int(),
  tokens: z.int(),
  validationPerplexity: z.number(),
  teacherPerplexity: z.number(),
  teacherAgreement: z.number(),
  tokensPerSecond: z.number().check(z.positive()),
  out: z.string(),
})

let folder = ''
let corpus = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'softpost-distill-'))
  corpus = join(folder, 'texts.jsonl')
  const lines = Array.from({ length: 40 }, (_, at) =>
    JSON.stringify({ text: `the train to town ${at} is late`, label: 'x' }),
  )
  await writeFile(corpus, lines.join('\n'))
})
afterAll(async () => await rm(folder, { recursive: true }))

const base = () => [
  '--teacher',
  DEMO_TEACHER,
  '--layers',
  '0,5',
  '--corpus',
  corpus,
  '--sequence',
  '16',
  '--batch',
  '8',
  '--backend',
  'wasm',
]

async function run(args: readonly string[]): Promise<z.infer<typeof Report>> {
  const written: string[] = []
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text))
    return true
  })
  try {
    expect(await distillCommand.run([...base(), '--json', ...args])).toBe(0)
  } finally {
    out.mockRestore()
  }
  return Report.parse(JSON.parse(written.join('').trimEnd().split('\n').at(-1) ?? ''))
}

/** Runs it in a process of its own and ends that with SIGKILL once it has written a checkpoint. */
async function killAtCheckpoint(args: readonly string[]): Promise<void> {
  const script = join(folder, 'distill.mjs')
  const commandLine = new URL('../../workers/host/cli/runCommandLine.ts', import.meta.url).href
  await writeFile(
    script,
    `const { runCommandLine } = await import(${JSON.stringify(commandLine)})\nawait runCommandLine(${JSON.stringify(['distill', ...args])})\n`,
  )
  const child = spawn(process.execPath, [script], { stdio: 'ignore' })
  const watcher = watch(folder, (_, name) => {
    if (name === 'cut.checkpoint') child.kill('SIGKILL')
  })
  const signal = await new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)))
  watcher.close()
  expect(signal).toBe('SIGKILL')
}

async function filesOf(dir: string): Promise<Record<string, string>> {
  const names = (await readdir(dir)).sort()
  const entries = names.map(async (name) => [name, await readFile(join(dir, name), 'base64')] as const)
  return Object.fromEntries(await Promise.all(entries))
}

async function weightsOf(dir: string): Promise<ReadonlyMap<string, Float32Array>> {
  const { files } = await readModelFolder(dir)
  const { tensors } = readSafetensors(await bytesOf(files))
  return new Map([...tensors].map(([name, view]) => [name, toFloat32(view)]))
}

async function bytesOf(files: Awaited<ReturnType<typeof readModelFolder>>['files']) {
  const file = files.find(({ name }) => name === 'model.safetensors')
  if (!file) throw new Error('no weights')
  return file.bytes
}

describe('softpost distill', () => {
  test('brings the student nearer to its teacher and leaves frozen embeddings alone', async () => {
    const out = join(folder, 'frozen')
    const first = await run(['--steps', '1', '--out', out, '--freeze', 'embeddings'])
    expect(first).toMatchObject({ steps: 1, out })
    const report = await run(['--steps', '12', '--out', out, '--freeze', 'embeddings', '--force'])
    expect(report.validationPerplexity).toBeLessThan(first.validationPerplexity)
    expect(report.teacherPerplexity).toBeCloseTo(first.teacherPerplexity, 3)
    expect(report.tokens).toBeGreaterThan(12 * 8 * 5)

    const { manifest } = await readModelFolder(out)
    expect(manifest).toMatchObject({ id: 'frozen', role: 'student', teacher: 'demo-teacher', layers: 2 })
    expect(manifest.provenance).toContain('12 steps')
    expect(await readFile(join(out, 'manifest.json'), 'utf8')).not.toContain(folder)
    const [own, teacher] = [await weightsOf(out), await weightsOf(DEMO_TEACHER)]
    expect(own.get('transformer.wte.weight')).toEqual(teacher.get('transformer.wte.weight'))
    expect(own.get('transformer.h.1.ln_1.bias')).not.toEqual(teacher.get('transformer.h.5.ln_1.bias'))
  })

  test('computes the same in one thread, trains the embeddings too, and ends by the clock', async () => {
    const fixed = ['--steps', '2', '--weights', '0,2,0']
    const one = await run([...fixed, '--threads', '1', '--out', join(folder, 'new', 'one')])
    const two = await run([...fixed, '--threads', '2', '--out', join(folder, 'new', 'two')])
    expect(two.validationPerplexity / one.validationPerplexity).toBeCloseTo(1, 3)
    const [own, teacher] = [await weightsOf(join(folder, 'new', 'one')), await weightsOf(DEMO_TEACHER)]
    expect(own.get('transformer.wte.weight')).not.toEqual(teacher.get('transformer.wte.weight'))
    expect((await run(['--seconds', '1', '--out', join(folder, 'timed')])).steps).toBeGreaterThan(0)
  })

  test('killed, it goes on to the very bytes of a run that was left alone', async () => {
    const fixed = [
      '--layers',
      '0',
      '--steps',
      '8',
      '--batch',
      '4',
      '--freeze',
      'head',
      '--threads',
      '1',
      '--id',
      'same',
    ]
    const more = [...fixed, '--validate-every', '5', '--checkpoint-every', '3', '--milestones', '2,7']
    const [whole, cut] = [join(folder, 'whole'), join(folder, 'cut')]
    await run([...more, '--out', whole])
    for (let kills = 0; kills < 2; kills++) {
      await killAtCheckpoint([...base(), ...more, '--out', cut, '--resume'])
      expect(await readdir(folder)).toContain('cut.checkpoint')
      expect(await readdir(folder)).not.toContain('cut')
    }
    await rejectionOf('usage', distillCommand.run([...base(), ...more, '--out', cut]))
    await run([...more, '--out', cut, '--resume'])
    expect(await filesOf(cut)).toEqual(await filesOf(whole))
    const losses = await readFile(`${whole}.losses.jsonl`, 'utf8')
    expect(await readFile(`${cut}.losses.jsonl`, 'utf8')).toBe(losses)
    // Eight steps, and measurements at the start, after the second, the fifth and the seventh, and at the end.
    expect(losses.trimEnd().split('\n')).toHaveLength(8 + 5)
    for (const step of [2, 7])
      expect(await filesOf(`${cut}.step-${step}`)).toEqual(await filesOf(`${whole}.step-${step}`))
    const { manifest } = await readModelFolder(`${whole}.step-7`)
    expect(manifest).toMatchObject({ id: 'same.step-7', provenance: expect.stringContaining(' 7 steps') as string })
    expect(
      (await rejectionOf('usage', distillCommand.run([...base(), ...more, '--out', join(folder, 'whole')]))).message,
    ).toContain('--force')
    expect(await readFile(`${whole}.losses.svg`, 'utf8')).toMatch(/^<svg .*<polyline /s)
    expect(await readdir(folder)).not.toContain('cut.checkpoint')
  })

  test.each([
    [['--patience', '2', '--validate-every', '0'], '--validate-every'],
    [['--layers', '0,9'], 'layers 0 to 5'],
    [['--weights', '0,0,0'], '--weights'],
    [['--milestones', '20,10'], '--milestones 20,10'],
    [['--steps', '8', '--milestones', '2,8'], 'ends after 8 steps'],
    [['--template', 'x'], '{text}'],
    [['--sequence', '300'], '--sequence 300'],
    [['--steps', '2', '--seconds', '2'], 'give one'],
    [['--corpus', 'missing.txt'], 'missing.txt'],
  ])('says what is wrong with %j', async (args, said) => {
    const error = await rejectionOf('usage', distillCommand.run([...base(), '--out', join(folder, 'no'), ...args]))
    expect(error.message).toContain(said)
  })
})
