/** `softpost parity`: whether this machine reproduces the numbers of Hugging Face's models. */
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import type { FieldReport, Level } from '../../evaluate/parity/compare.ts'
import { computeParity, type ParityFiles, type ParityReport } from '../../evaluate/parity/parity.ts'
import { parseVectors, type Vectors } from '../../evaluate/parity/vectors.ts'
import type { BackendName } from '../../protocol/tuning.ts'
import { readJsonFile } from '../inputs.ts'
import { readBareModel } from '../modelFolder.ts'
import { openLocalBackend } from '../openLocal.ts'
import type { Command } from './command.ts'
import { parseOptions, readChoice, requireOption } from './options.ts'

const NAME = 'parity'

const HELP = `Usage: softpost parity --vectors FILE [--model DIR] [options]

Computes every field of a file of reference vectors and compares it by the tolerances in the file. Exits with 1 when a
field is outside of them.

  --vectors FILE    reference vectors
  --model DIR       folder of the model; for a teacher and its student one that holds teacher/ and student/;
                    vectors of optimisers need none
  --backend NAME    wasm, webgpu or cpu (default wasm)
  --level NAME      which of the file's tolerances: cpu, or gpu for float32 shaders (default: as the backend)
  --json            the last line of standard output is
                    {"pass", "fields": {name: {"maxAbs", "maxRel", "pass"}}, "backend", "level"}
`

export const parityCommand: Command = {
  name: NAME,
  summary: "compare this machine's numbers with those of Hugging Face's models",
  help: HELP,
  run: parity,
}

async function parity(args: readonly string[]): Promise<number> {
  const typed = readArguments(args)
  const given = parseVectors(await readJsonFile(typed.vectorsFile))
  const files = await readFiles(given, typed.modelDir)
  const backend = await openLocalBackend(typed.backend)
  const report = await computeParity(given, { files, backend, level: typed.level })
  const { level } = typed
  const words = typed.json ? JSON.stringify({ ...report, backend: backend.name, level }) : toWords(report)
  process.stdout.write(`${words}\n`)
  return report.pass ? 0 : 1
}

async function readFiles({ of }: Vectors, dir: string | undefined): Promise<ParityFiles> {
  if (of === 'optimizers') return {}
  const folder = requireOption(NAME, 'model', dir)
  if (of === 'model') return { model: await readBareModel(folder) }
  return {
    teacher: await readBareModel(join(folder, 'teacher')),
    student: await readBareModel(join(folder, 'student')),
  }
}

function toWords({ pass, fields }: ParityReport): string {
  const all = Object.entries(fields)
  const width = Math.max(...all.map(([name]) => name.length))
  const failed = all.filter(([, field]) => !field.pass).length
  return [
    ...all.map(([name, field]) => `${name.padEnd(width)}  ${figures(field)}`),
    pass ? `all ${all.length} fields pass` : `${failed} of ${all.length} fields do not pass`,
  ].join('\n')
}

function figures({ maxAbs, maxRel, pass }: FieldReport): string {
  if (maxAbs === null || maxRel === null) return 'FAIL  nothing to compare'
  return `${pass ? 'pass' : 'FAIL'}  max abs ${maxAbs.toExponential(1)}  max rel ${maxRel.toExponential(1)}`
}

type ParityArguments = {
  readonly vectorsFile: string
  readonly modelDir: string | undefined
  readonly backend: BackendName
  readonly level: Level
  readonly json: boolean
}

const text = { type: 'string' } as const
const OPTIONS = { vectors: text, model: text, backend: text, level: text, json: { type: 'boolean' } } as const

function readArguments(args: readonly string[]): ParityArguments {
  const { values } = parseOptions(NAME, () => parseArgs({ args: [...args], options: OPTIONS }))
  const backend =
    readChoice(NAME, 'backend', { typed: values.backend, choices: ['wasm', 'webgpu', 'cpu'] as const }) ?? 'wasm'
  const level = readChoice(NAME, 'level', { typed: values.level, choices: ['cpu', 'gpu'] as const })
  return {
    vectorsFile: requireOption(NAME, 'vectors', values.vectors),
    modelDir: values.model,
    backend,
    level: level ?? (backend === 'webgpu' ? 'gpu' : 'cpu'),
    json: values.json === true,
  }
}
