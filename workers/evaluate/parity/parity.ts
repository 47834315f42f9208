/**
 * Reproduces every field of a vectors file on the current backend: with the functions that tune, transfer and distil,
 * not with code of its own.
 */
import { keepLayers } from '../../model/layers.ts'
import { createModel } from '../../model/load.ts'
import { LocalEngine } from '../../pool/localEngine.ts'
import { assertNever, SoftpostError } from '../../protocol/errors.ts'
import type { ModelFile } from '../../protocol/tuner.ts'
import type { OpenBackend } from '../../runtime/backend.ts'
import { compareField, type Computed, type FieldReport, type Level } from './compare.ts'
import { distillFields } from './distillFields.ts'
import { modelFields } from './modelFields.ts'
import { optimizerFields } from './optimizerFields.ts'
import { encodedTexts } from './texts.ts'
import { transferFields } from './transferFields.ts'
import type { ModelVectors, PairVectors, Precision, Vectors } from './vectors.ts'

/** The models that a kind of vectors needs, as their files. */
export type ParityFiles = {
  readonly model?: readonly ModelFile[]
  readonly teacher?: readonly ModelFile[]
  readonly student?: readonly ModelFile[]
}

export type ParityReport = { readonly pass: boolean; readonly fields: Readonly<Record<string, FieldReport>> }

export type ParityRequest = { readonly files: ParityFiles; readonly backend: OpenBackend; readonly level: Level }

/**
 * `backend` is that of this thread. Of a field that several batches have, the worst of each figure is reported.
 *
 * @throws SoftpostError `model-missing-file` where `files` lack a model that the vectors are of.
 */
export async function computeParity(given: Vectors, { files, backend, level }: ParityRequest): Promise<ParityReport> {
  switch (given.of) {
    case 'model':
      return await ofModel(given.vectors, requireModel(files, 'model'), level)
    case 'pair': {
      const pair = { teacher: requireModel(files, 'teacher'), student: requireModel(files, 'student') }
      return reportOf(compareAll(await pairFields(given.vectors, pair, backend), given.vectors.precision, level))
    }
    case 'optimizers':
      return reportOf(compareAll(optimizerFields(given.vectors), given.vectors.precision, level))
    default:
      return assertNever(given)
  }
}

async function ofModel(vectors: ModelVectors, files: readonly ModelFile[], level: Level): Promise<ParityReport> {
  const model = createModel(files)
  try {
    const reports: NamedReport[] = []
    for (const values of vectors.cases) {
      reports.push(...compareAll(await modelFields(model, vectors.label_words, values), values.precision, level))
    }
    return reportOf(reports)
  } finally {
    model.dispose()
  }
}

type Pair = { readonly teacher: readonly ModelFile[]; readonly student: readonly ModelFile[] }

async function pairFields(vectors: PairVectors, pair: Pair, backend: OpenBackend): Promise<Computed[]> {
  const { extraction, transfer } = vectors
  const engine = new LocalEngine(backend)
  try {
    await engine.load('teacher', pair.teacher)
    await engine.load('student', pair.student)
    const fields = await transferFields(engine, transfer)
    await engine.load('student', keepLayers(pair.teacher, extraction.keep_layers))
    const examples = encodedTexts(transfer)
    const cut = await engine.logits({ slot: 'student', prompt: null, promptLength: 0, examples })
    const extracted = { name: 'extraction.logits_at_read', actual: cut, expected: extraction.logits_at_read.data }
    return [extracted, ...(await distillFields(pair, vectors)), ...fields]
  } finally {
    await engine.close()
  }
}

function requireModel(files: ParityFiles, name: keyof ParityFiles): readonly ModelFile[] {
  const found = files[name]
  if (found) return found
  const where = name === 'model' ? 'the folder of the model' : 'a folder that holds teacher/ and student/'
  throw new SoftpostError('model-missing-file', `these vectors are of a model; give ${where}`)
}

type NamedReport = readonly [name: string, report: FieldReport]

/** A figure that the file holds to a tolerance, and that nothing was computed for, does not pass. */
function compareAll(fields: readonly Computed[], precision: Precision, level: Level): NamedReport[] {
  const known = new Set(fields.map(({ name }) => name))
  const uncomputed = Object.keys(precision).filter((name) => !known.has(name))
  return [
    ...fields.map((field): NamedReport => [field.name, compareField(field, precision, level)]),
    ...uncomputed.map((name): NamedReport => [name, { maxAbs: null, maxRel: null, pass: false }]),
  ]
}

function reportOf(reports: readonly NamedReport[]): ParityReport {
  const fields: Record<string, FieldReport> = {}
  for (const [name, report] of reports) {
    const before = fields[name]
    fields[name] = before ? worseOf(before, report) : report
  }
  return { pass: reports.length > 0 && reports.every(([, { pass }]) => pass), fields }
}

function worseOf(a: FieldReport, b: FieldReport): FieldReport {
  return { maxAbs: larger(a.maxAbs, b.maxAbs), maxRel: larger(a.maxRel, b.maxRel), pass: a.pass && b.pass }
}

function larger(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : Math.max(a, b)
}
