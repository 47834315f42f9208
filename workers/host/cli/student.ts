/** `softpost student`: a small model that is the teacher's embeddings, head and a few of its layers, as they are. */
import { mkdir, readdir } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { MANIFEST_NAME } from '../../model/manifest.ts'
import { SoftpostError } from '../../protocol/errors.ts'
import { ModelId } from '../../protocol/wire.ts'
import { makeManifest, readModelFolder, type ModelFolder } from '../modelFolder.ts'
import { isMissing, writeFileAtomically } from '../store/atomic.ts'
import { readLayers, takeLayers } from './takeLayers.ts'
import type { Command } from './command.ts'

const NAME = 'student'

const HELP = `Usage: softpost student --teacher DIR --layers 0,5 --out DIR [options]

Writes a model folder with the teacher's embeddings, head and chosen layers, unchanged. It is not distilled, and of
little use as it is: softpost distill trains one.

  --teacher DIR   folder of the large model
  --layers LIST   layers to keep, counted from 0, in ascending order
  --out DIR       new folder for the student
  --id NAME       id of the student (default: the name of the folder)
  --json          print one line of JSON when done, instead of words
`

export const studentCommand: Command = {
  name: NAME,
  summary: "make a student of some of a teacher's layers",
  help: HELP,
  run: makeStudent,
}

async function makeStudent(args: readonly string[]): Promise<number> {
  const { teacher: teacherDir, layers, out, id, json } = readArguments(args)
  await requireNewFolder(out)
  const teacher = await readModelFolder(teacherDir)
  const files = takeLayers(NAME, teacher, layers)
  const manifest = await makeManifest(describe(teacher, layers, id), files)
  await mkdir(out, { recursive: true })
  for (const { name, bytes } of files) await writeFileAtomically(join(out, name), bytes)
  // Last: a folder that was cut short has no manifest that speaks for it.
  await writeFileAtomically(join(out, MANIFEST_NAME), `${JSON.stringify(manifest, null, 2)}\n`)
  process.stdout.write(
    json
      ? `${JSON.stringify({ id, layers: manifest.layers, parameters: manifest.parameters, sha256: manifest.sha256, out })}\n`
      : `${id}: layers ${layers.join(', ')} of ${teacher.manifest.id}, ${manifest.parameters} parameters, in ${out}\n`,
  )
  return 0
}

type StudentArguments = {
  readonly teacher: string
  readonly layers: readonly number[]
  readonly out: string
  readonly id: string
  readonly json: boolean
}

function readArguments(args: readonly string[]): StudentArguments {
  const text = { type: 'string' } as const
  const { values } = parse(() =>
    parseArgs({
      args: [...args],
      options: { teacher: text, layers: text, out: text, id: text, json: { type: 'boolean' } },
    }),
  )
  const { teacher, out } = values
  if (teacher === undefined || out === undefined || values.layers === undefined) {
    throw usage('--teacher, --layers and --out are needed')
  }
  const layers = readLayers(NAME, values.layers)
  const id = ModelId.safeParse(values.id ?? basename(resolve(out)))
  if (!id.success) throw usage(`the id ${values.id ?? basename(resolve(out))} needs small letters, digits, . _ - only`)
  return { teacher, layers, out, id: id.data, json: values.json === true }
}

function parse<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error), error)
  }
}

function usage(what: string, cause?: unknown): SoftpostError {
  return new SoftpostError('usage', `student: ${what}; see student --help`, { cause })
}

async function requireNewFolder(out: string): Promise<void> {
  let names: string[]
  try {
    names = await readdir(out)
  } catch (error) {
    if (isMissing(error)) return
    throw error
  }
  if (names.length > 0) throw usage(`${out} is not empty; choose a new folder`)
}

function describe({ manifest }: ModelFolder, layers: readonly number[], id: string) {
  const kept = `layers ${layers.join(', ')} of the ${manifest.layers} layers of ${manifest.id}`
  return {
    id,
    role: 'student',
    teacher: manifest.id,
    name: `${manifest.name}: ${layers.length} of its ${manifest.layers} layers`,
    description: `Embeddings, head and ${kept}, unchanged. Not distilled: it stands in for a student until one is.`,
    licence: manifest.licence,
    provenance:
      `Cut from ${manifest.id} (sha256 ${manifest.sha256}) by "softpost student --layers ${layers.join(',')}"; no training. ${manifest.provenance ?? ''}`.trim(),
  } as const
}
