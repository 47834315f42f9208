/** An extract task on the command line: tuned, answered, measured, and refused where it cannot be. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { classifyCommand } from '../../workers/host/cli/classify.ts'
import type { Command } from '../../workers/host/cli/command.ts'
import { generateCommand } from '../../workers/host/cli/generate.ts'
import { transferCommand } from '../../workers/host/cli/transfer.ts'
import { tuneCommand } from '../../workers/host/cli/tune.ts'
import { checkCertificate } from '../../workers/privacy/certificate.ts'
import { Certificate } from '../../workers/protocol/certificate.ts'
import { DEMO_STUDENT, DEMO_TEACHER, rejectionOf } from '../unit/model/support.ts'

const TASK = {
  kind: 'extract',
  template: '{text} The colour is',
  end: '.',
  maxAnswerTokens: 4,
  initText: 'Say which colour.',
}
const COLOURS = ['red', 'blue', 'green', 'dark red'] as const

let folder = ''
let base: string[] = []
const path = (name: string): string => join(folder, name)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'softpost-extract-'))
  const rows = Array.from({ length: 60 }, (_, row) => {
    const colour = COLOURS[row % 4] ?? 'red'
    return `house number ${row} is ${colour},${colour}`
  })
  await writeFile(path('task.json'), JSON.stringify(TASK))
  await writeFile(path('rows.csv'), ['text,answer', ...rows, 'grey,', 'long,a b c d e', 'stop,one. two'].join('\n'))
  await writeFile(path('texts.txt'), 'house number 7 is red\nhouse number 9 is blue\n')
  base = ['--model', DEMO_STUDENT, '--task', path('task.json'), '--backend', 'wasm']
})
afterAll(async () => await rm(folder, { recursive: true }))

async function printed(command: Command, args: readonly string[]): Promise<{ out: string; err: string }> {
  const said = { out: '', err: '' }
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((said.out += String(text)), true)),
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((said.err += String(text)), true)),
  ]
  try {
    expect(await command.run(args)).toBe(0)
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
  return said
}

const tune = (...options: readonly string[]) =>
  printed(tuneCommand, [
    ...base,
    '--data',
    path('rows.csv'),
    '--ledger',
    path('ledger'),
    '--steps',
    '4',
    '--batch',
    '12',
    '--length',
    '4',
    '--json',
    ...options,
  ])
const lastLine = (out: string): unknown => JSON.parse(out.trimEnd().split('\n').at(-1) ?? '')

describe('a task whose answer is a text', () => {
  test('is tuned with DP, and the certificate says what was declared', async () => {
    const { out, err } = await tune('--epsilon', '6', '--out', path('private'))
    expect(lastLine(out)).toMatchObject({ steps: 4, delta: 1e-5 })
    expect(err).toContain(
      'left out: 1 have an answer of more than 4 tokens (maxAnswerTokens), 1 have an answer that holds the end mark "."',
    )
    const certificate = Certificate.parse(JSON.parse(await readFile(path('private/certificate.json'), 'utf8')))
    expect(certificate.declaredPublic.task).toEqual(TASK)
    expect(checkCertificate(certificate).epsilon).toBeLessThanOrEqual(6)
  })

  test('is tuned without DP, and then answers better', async () => {
    await tune('--no-dp', '--seed', '3', '--lr', '0.05', '--out', path('plain'))
    const data = ['--data', path('rows.csv'), '--json']
    const bare = lastLine((await printed(generateCommand, [...base, ...data])).out)
    expect(bare).toMatchObject({ n: 62, exactMatch: 0 })
    const out = ['--prompt', path('plain'), '--out', path('answers.jsonl')]
    const tuned = lastLine((await printed(generateCommand, [...base, ...data, ...out])).out)
    expect(tuned).toMatchObject({ n: 62, tokens: expect.any(Number), tokensPerSecond: expect.any(Number) })
    const lines = (await readFile(path('answers.jsonl'), 'utf8')).trimEnd().split('\n')
    expect(lines).toHaveLength(62)
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({ text: 'house number 1 is blue', wanted: 'blue' })
    expect((tuned as { f1: number }).f1).toBeGreaterThan((bare as { f1: number }).f1)
  })

  test("moves to the large model along public answers, or along the student's", async () => {
    const base = ['--teacher', DEMO_TEACHER, '--student', DEMO_STUDENT, '--prompt', path('plain')]
    const rows = ['text,answer', 'a door that is white,white', 'a red car,', 'a blue boat,blue'].join('\n')
    await writeFile(path('public.csv'), rows)
    const losses = []
    for (const source of ['public', 'student']) {
      const options = ['--task', path('task.json'), '--public', path('public.csv'), '--out', path(source)]
      const steps = ['--steps', '6', '--answers', source, '--backend', 'wasm', '--json']
      const { out } = await printed(transferCommand, [...base, ...options, ...steps])
      const report = lastLine(out) as { readonly alpha: number; readonly loss: number }
      expect(report.alpha).toBe(0.5)
      losses.push(report.loss)
    }
    expect(new Set(losses).size).toBe(2)
    const given = ['--model', DEMO_TEACHER, '--prompt', path('public'), '--task', path('task.json')]
    const { out } = await printed(generateCommand, [...given, '--text', 'a green tree', '--backend', 'wasm'])
    expect(out.trim()).not.toBe('')
  })

  test('is answered for texts without answers, and for typed ones', async () => {
    const { out } = await printed(generateCommand, [...base, '--data', path('texts.txt')])
    expect(out.trimEnd().split('\n')).toHaveLength(2)
    const typed = await printed(generateCommand, [...base, '--text', 'the sky is blue', '--json'])
    const [result] = (lastLine(typed.out) as { results: { answer: string; tokens: { text: string }[] }[] }).results
    expect(
      result?.tokens
        .map(({ text }) => text)
        .join('')
        .trim(),
    ).toBe(result?.answer)
  })
})

describe('what cannot be is said at once', () => {
  test('classes where a text is asked for, and the other way round', async () => {
    const classes = path('classes.json')
    await writeFile(classes, JSON.stringify({ template: '{text}', labels: { a: ['a'], b: ['b'] }, initText: 'x' }))
    const data = ['--data', path('rows.csv')]
    const { message } = await rejectionOf('task-invalid', classifyCommand.run([...base, ...data]))
    expect(message).toContain('use softpost generate --task FILE --data FILE')
    const swapped = await rejectionOf(
      'task-invalid',
      generateCommand.run(['--model', DEMO_STUDENT, '--task', classes, ...data]),
    )
    expect(swapped.message).toContain('use softpost classify')
  })

  test('an end mark that is not one token, and rows without a single answer of use', async () => {
    const odd = path('odd.json')
    const given = ['--model', DEMO_STUDENT, '--data', path('rows.csv'), '--out', path('none'), '--task']
    await writeFile(odd, JSON.stringify({ ...TASK, end: ' the very end' }))
    await rejectionOf('task-invalid', tuneCommand.run([...given, odd]))
    await writeFile(odd, JSON.stringify({ ...TASK, end: 'e' }))
    const { message } = await rejectionOf('no-rows', tuneCommand.run([...given, odd]))
    expect(message).toMatch(
      /none of the 62 rows has an answer that can be used: .*62 have an answer that holds the end/,
    )
  })

  test.each([
    [['--text', 'a', '--data', 'b', '--task', 'c'], /either --data FILE or --text TEXT/],
    [['--data', 'b'], /--data goes with --task FILE/],
    [['--text', 'a', '--task', 'c', '--max-tokens', '3'], /--max-tokens is for texts without a task/],
  ])('options that do not go together: %j', async (options, message) => {
    const error = await rejectionOf('usage', generateCommand.run(['--model', DEMO_STUDENT, ...options]))
    expect(error.message).toMatch(message)
  })
})
