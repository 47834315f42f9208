/** The commands from a teacher to its prompt, on small models of other kinds than the demo's. */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import * as z from 'zod/mini'
import { classifyCommand } from '../../workers/host/cli/classify.ts'
import type { Command } from '../../workers/host/cli/command.ts'
import { distillCommand } from '../../workers/host/cli/distill.ts'
import { transferCommand } from '../../workers/host/cli/transfer.ts'
import { tuneCommand } from '../../workers/host/cli/tune.ts'
import { wordTokenizerFiles } from '../unit/model/support.ts'

const GOLDEN = fileURLToPath(new URL('../golden/parity', import.meta.url))
const TASK = {
  template: '{text} it was {mask} .',
  labels: { good: ['good'], bad: ['bad'] },
  initText: 'it was a good film .',
}

/** Whether its tokenizer has a mask token, as a masked model's must. The other kind is near enough to the demo's. */
const KINDS = [
  { kind: 'roberta', masked: true },
  ...(process.env['LONG'] === '1' ? [{ kind: 'llama', masked: false }] : []),
]

let folder = ''
const at = (...parts: readonly string[]): string => join(folder, ...parts)
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'softpost-kinds-'))
  const rows = Array.from({ length: 40 }, (_, row) => ({
    text: `it was a ${row % 2 === 0 ? 'film' : 'bad film'} ${'a '.repeat(row)}`,
    label: row % 2 === 0 ? 'good' : 'bad',
  }))
  await writeFile(at('rows.jsonl'), rows.map((row) => JSON.stringify(row)).join('\n'))
  await writeFile(at('task.json'), JSON.stringify(TASK))
  for (const { kind, masked } of KINDS) {
    await cp(join(GOLDEN, `post-${kind}`), at(kind), { recursive: true })
    const { json, config } = wordTokenizerFiles()
    for (const role of ['teacher', 'student']) {
      await writeFile(at(kind, role, 'tokenizer.json'), JSON.stringify(json))
      const own = masked ? config : { ...config, mask_token: null }
      await writeFile(at(kind, role, 'tokenizer_config.json'), JSON.stringify(own))
    }
  }
})
afterAll(async () => await rm(folder, { recursive: true }))

async function run(command: Command, args: readonly string[]): Promise<unknown> {
  const written: string[] = []
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text))
    return true
  })
  try {
    expect(await command.run([...args, '--json'])).toBe(0)
  } finally {
    out.mockRestore()
  }
  return JSON.parse(written.join('').trimEnd().split('\n').at(-1) ?? '')
}

const rows = (): string[] => ['--data', at('rows.jsonl'), '--backend', 'wasm']

const Classified = z.object({ n: z.int(), accuracy: z.number() })

describe.each(KINDS)('$kind', ({ kind }) => {
  const model = (role: string): string[] => ['--model', at(kind, role), '--task', at('task.json')]
  const size = ['--steps', '2', '--batch', '4']

  test('distils a student of some of its layers', async () => {
    const out = at(kind, 'distilled')
    const how = ['--corpus', at('rows.jsonl'), '--sequence', '16', '--backend', 'wasm', ...size]
    const report = await run(distillCommand, [
      '--teacher',
      at(kind, 'teacher'),
      '--layers',
      '0,3',
      '--out',
      out,
      ...how,
    ])
    const { validationPerplexity } = z.object({ validationPerplexity: z.number() }).parse(report)
    expect(validationPerplexity).toBeGreaterThan(1)
    expect(Classified.parse(await run(classifyCommand, [...model('distilled'), ...rows()])).n).toBe(40)
  })

  test('tunes a prompt with DP, classifies with it, and makes one for the teacher of it', async () => {
    const [own, others] = [at(kind, 'prompt'), at(kind, 'prompt for the teacher')]
    const ledger = ['--ledger', at(kind, 'ledger'), '--file-budget', '99']
    const tuned = await run(tuneCommand, [
      ...model('student'),
      ...rows(),
      ...size,
      ...ledger,
      '--length',
      '3',
      '--epsilon',
      '8',
      '--out',
      own,
    ])
    const { epsilon } = z.object({ epsilon: z.number() }).parse(tuned)
    expect(epsilon).toBeLessThanOrEqual(8)
    expect(Classified.parse(await run(classifyCommand, [...model('student'), ...rows(), '--prompt', own])).n).toBe(40)
    const pair = ['--teacher', at(kind, 'teacher'), '--student', at(kind, 'student'), '--prompt', own, '--out', others]
    const how = ['--task', at('task.json'), '--public', at('rows.jsonl'), '--backend', 'wasm', ...size]
    await run(transferCommand, [...pair, ...how, '--init', 'student', '--alpha', '0.5'])
    expect(Classified.parse(await run(classifyCommand, [...model('teacher'), ...rows(), '--prompt', others])).n).toBe(
      40,
    )
  })
})
