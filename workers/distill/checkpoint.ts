/**
 * A run of distillation between two steps, as one safetensors file: the trained values, AdamW's two means, and a JSON
 * document in the metadata with all that the next steps follow from.
 */
import * as z from 'zod/mini'
import { fromFloat32, readSafetensors, toFloat32, writeSafetensors } from '../model/safetensors.ts'
import { SoftpostError } from '../protocol/errors.ts'
import { CORPUS_START, CorpusPlace } from './corpus.ts'
import { NO_PLATEAU, Plateau } from './plateau.ts'

const Marks = z.strictObject({
  steps: z.int().check(z.nonnegative()),
  tokens: z.int().check(z.nonnegative()),
  /** Time that the steps took, over all parts of the run. */
  seconds: z.number().check(z.nonnegative()),
  place: CorpusPlace,
  plateau: Plateau,
})

export type DistillState = z.infer<typeof Marks> & {
  /** The trained part of the student's parameters. */
  readonly values: Float32Array<ArrayBuffer>
  /** AdamW's running means. */
  readonly m: Float32Array<ArrayBuffer>
  readonly v: Float32Array<ArrayBuffer>
}

export function startOfRun(values: Float32Array<ArrayBuffer>): DistillState {
  const { length } = values
  return {
    steps: 0,
    tokens: 0,
    seconds: 0,
    place: CORPUS_START,
    plateau: NO_PLATEAU,
    values,
    m: new Float32Array(length),
    v: new Float32Array(length),
  }
}

/** What a run was asked for, in the fields that its numbers follow from. */
export type RunSettings = Readonly<Record<string, unknown>>

const FORMAT = 'softpost-distill-1'
const TENSORS = ['values', 'm', 'v'] as const

export function writeCheckpoint(state: DistillState, settings: RunSettings): Uint8Array<ArrayBuffer> {
  const { steps, tokens, seconds, place, plateau } = state
  const marks: z.infer<typeof Marks> = { steps, tokens, seconds, place, plateau }
  const tensors = TENSORS.map((name) => [name, fromFloat32(state[name], [state[name].length], 'F32')] as const)
  return writeSafetensors(new Map(tensors), {
    format: FORMAT,
    marks: JSON.stringify(marks),
    settings: JSON.stringify(settings),
  })
}

/**
 * The state that a checkpoint of this very run holds.
 * @throws SoftpostError `conflict` naming the first setting that differs; `file-format`, `safetensors` for a file that
 * is no checkpoint.
 */
export function readCheckpoint(bytes: Uint8Array<ArrayBuffer>, settings: RunSettings): DistillState {
  const { tensors, metadata } = readSafetensors(bytes)
  const [values, m, v] = TENSORS.map((name) => tensors.get(name))
  const marks = parseJson(metadata['marks'], Marks)
  const earlier = parseJson(metadata['settings'], z.record(z.string(), z.unknown()))
  if (metadata['format'] !== FORMAT || !values || !m || !v || marks === null || earlier === null) {
    throw new SoftpostError('file-format', 'the checkpoint is not one of this program; start the run again')
  }
  requireSameRun(earlier, settings)
  return { ...marks, values: toFloat32(values), m: toFloat32(m), v: toFloat32(v) }
}

function requireSameRun(earlier: RunSettings, now: RunSettings): void {
  const names = [...new Set([...Object.keys(earlier), ...Object.keys(now)])]
  const changed = names.find((name) => JSON.stringify(earlier[name]) !== JSON.stringify(now[name]))
  if (changed === undefined) return
  throw new SoftpostError(
    'conflict',
    `the checkpoint is of a run with another ${changed} (${JSON.stringify(earlier[changed])}, now ${JSON.stringify(now[changed])}); give what it was begun with, or start again`,
    { data: { setting: changed } },
  )
}

function parseJson<T>(text: string | undefined, schema: z.ZodMiniType<T>): T | null {
  try {
    return schema.safeParse(JSON.parse(text ?? '')).data ?? null
  } catch {
    // The caller says that the file is no checkpoint.
    return null
  }
}
