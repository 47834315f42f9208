/**
 * What does not change over a transfer, once for each public text: the student with and without its prompt, and the
 * teacher without one. Kept as the distributions that the loss compares with.
 */
import type { Engine, LogitsBatch, TransferConstants } from '../pool/types.ts'
import type { SoftPrompt } from '../prompt/softPrompt.ts'
import type { Encoded } from '../task/types.ts'
import { gatherRows } from './rows.ts'

/** T of both losses. Source: POST's code. */
export const TEMPERATURE = 2

/** Three float32 vectors over the vocabulary for each text. */
const VECTORS = 3

/** Texts whose constants fit into this much memory. */
export function textsWithin(budgetBytes: number, vocabulary: number): number {
  return Math.max(1, Math.floor(budgetBytes / (VECTORS * vocabulary * Float32Array.BYTES_PER_ELEMENT)))
}

export type ConstantsRequest = {
  readonly engine: Engine
  /** ps. */
  readonly sourcePrompt: SoftPrompt
  readonly examples: readonly Encoded[]
  readonly vocabulary: number
  /** Told how many texts are done. */
  readonly onProgress?: (done: number) => void
}

/** Texts of one call: their logits stand in memory beside the constants. */
const TEXTS_PER_CALL = 64

export async function computeConstants(request: ConstantsRequest): Promise<TransferConstants> {
  const { engine, sourcePrompt, examples, vocabulary } = request
  const size = examples.length * vocabulary
  const constants: TransferConstants = {
    studentOutput: new Float32Array(size),
    studentShift: new Float32Array(size),
    teacherPlain: new Float32Array(size),
  }
  for (let start = 0; start < examples.length; start += TEXTS_PER_CALL) {
    const part = examples.slice(start, start + TEXTS_PER_CALL)
    const without: LogitsBatch = { slot: 'student', prompt: null, promptLength: 0, examples: part }
    const prompted = await engine.logits({
      ...without,
      prompt: sourcePrompt.values,
      promptLength: sourcePrompt.length,
    })
    const plain = await engine.logits(without)
    const at = start * vocabulary
    constants.teacherPlain.set(await engine.logits({ ...without, slot: 'teacher' }), at)
    constants.studentOutput.set(softmaxRows(prompted, vocabulary, TEMPERATURE), at)
    const shift = prompted.map((logit, index) => logit - (plain[index] ?? 0))
    constants.studentShift.set(softmaxRows(shift, vocabulary, TEMPERATURE), at)
    request.onProgress?.(start + part.length)
  }
  return constants
}

/** softmax(z / T) of each row, in double precision. */
export function softmaxRows(z: Float32Array, width: number, temperature: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(z.length)
  const weights = new Float64Array(width)
  for (let start = 0; start < z.length; start += width) {
    const row = z.subarray(start, start + width)
    const top = row.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY)
    let total = 0
    for (let k = 0; k < width; k++) {
      const weight = Math.exp(((row[k] ?? 0) - top) / temperature)
      weights[k] = weight
      total += weight
    }
    for (let k = 0; k < width; k++) out[start + k] = (weights[k] ?? 0) / total
  }
  return out
}

/** The constants of some of the texts, in the order of `places`. */
export function gatherConstants(
  { studentOutput, studentShift, teacherPlain }: TransferConstants,
  places: readonly number[],
  vocabulary: number,
): TransferConstants {
  return {
    studentOutput: gatherRows(studentOutput, places, vocabulary),
    studentShift: gatherRows(studentShift, places, vocabulary),
    teacherPlain: gatherRows(teacherPlain, places, vocabulary),
  }
}
