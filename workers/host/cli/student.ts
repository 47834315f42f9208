/** `softpost student`: a small model that is the teacher's embeddings, head and a few of its layers, as they are. */
import { basename, resolve } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { MANIFEST_NAME, type ModelManifest } from '../../model/manifest.ts'
import { SoftpostError } from '../../protocol/errors.ts'
import { ModelId } from '../../protocol/wire.ts'
import { makeManifest, readModelFolder, type ModelFolder } from '../modelFolder.ts'
import { requireFree, writeFolder, type OutFolder } from './outFolder.ts'
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
  const asked = readArguments(args)
  const { manifest, teacher } = await cutStudent(asked)
  const { id, layers, json, folder } = asked
  const { out } = folder
  process.stdout.write(
    json
      ? `${JSON.stringify({ id, layers: manifest.layers, parameters: manifest.parameters, sha256: manifest.sha256, out })}\n`
      : `${id}: layers ${layers.join(', ')} of ${teacher}, ${manifest.parameters} parameters, in ${out}\n`,
  )
  return 0
}

/** Writes the student's folder, whole or not at all. Errors: `usage`, and those of reading a model. */
export async function cutStudent({
  teacherDir,
  layers,
  folder,
  id,
}: CutArguments): Promise<{ readonly manifest: ModelManifest; readonly teacher: string }> {
  await requireFree(folder)
  const teacher = await readModelFolder(teacherDir)
  const files = takeLayers(NAME, teacher, layers)
  const manifest = await makeManifest(describe(teacher, layers, id), files)
  await writeFolder(folder, [...files, { name: MANIFEST_NAME, bytes: `${JSON.stringify(manifest, null, 2)}\n` }])
  return { manifest, teacher: teacher.manifest.id }
}

type CutArguments = {
  readonly teacherDir: string
  readonly layers: readonly number[]
  readonly folder: OutFolder
  readonly id: string
}

type StudentArguments = CutArguments & { readonly json: boolean }

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
  const folder = { command: NAME, out, own: [], force: false }
  return { teacherDir: teacher, layers, folder, id: id.data, json: values.json === true }
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
