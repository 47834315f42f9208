/** What it takes to load a model of a size that people use: seconds, and memory against that of its weights. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RANDOM_MODELS } from '../randomModel.ts'
import type { Spec } from '../types.ts'

const TOKENIZER = new URL('../../../models/demo-student/tokenizer.json', import.meta.url)
const MODELS = ['random-gpt2-small', 'random-smollm-135m'] as const

export type LoadSpec = { readonly folder: string; readonly backend: Spec['backend'] }

type Load = {
  readonly model: string
  readonly backend: Spec['backend']
  readonly parameters: number
  readonly loadSeconds: number
  readonly firstAnswerSeconds: number
  readonly tensorBytes: number
  /** Of the process, before it loads and at most until it has. */
  readonly residentBefore: number
  readonly residentMost: number
}

export async function measureLoads({
  webgpu,
  say,
}: {
  readonly webgpu: boolean
  readonly say: (line: string) => void
}): Promise<Load[]> {
  const loads: Load[] = []
  for (const model of MODELS) {
    const folder = await mkdtemp(join(tmpdir(), 'softpost-load-'))
    try {
      for (const { name, bytes } of RANDOM_MODELS[model]?.() ?? []) await writeFile(join(folder, name), bytes)
      // A folder is whole with a tokenizer; no text is read with it.
      await copyFile(TOKENIZER, join(folder, 'tokenizer.json'))
      for (const backend of webgpu ? (['wasm', 'webgpu'] as const) : (['wasm'] as const)) {
        say(`loading ${model} ${backend}`)
        const child = fork(new URL('child.ts', import.meta.url), [
          JSON.stringify({ folder, backend } satisfies LoadSpec),
        ])
        const [message] = (await Promise.race([once(child, 'message'), failed(child)])) as [
          Omit<Load, 'model' | 'backend'>,
        ]
        loads.push({ model, backend, ...message })
      }
    } finally {
      await rm(folder, { recursive: true })
    }
  }
  return loads
}

async function failed(child: ReturnType<typeof fork>): Promise<never> {
  const [code] = (await once(child, 'exit')) as [number | null]
  throw new Error(`a measured process ended with code ${code} and said nothing`)
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0)
}

export function loadTable(loads: readonly Load[]): string {
  const head = [
    'model',
    'backend',
    'M parameters',
    'load s',
    'first answer s',
    'weights MiB',
    'tensors MiB',
    'RSS + MiB',
  ]
  const rows = loads.map((one) => [
    one.model,
    one.backend,
    (one.parameters / 1e6).toFixed(1),
    one.loadSeconds.toFixed(1),
    one.firstAnswerSeconds.toFixed(1),
    mib(one.parameters * 4),
    mib(one.tensorBytes),
    mib(one.residentMost - one.residentBefore),
  ])
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  return [head, ...rows]
    .map(
      (cells) =>
        `${cells
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}
