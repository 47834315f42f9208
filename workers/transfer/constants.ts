/**
 * What does not change over a transfer, once for each public text: the student with and without its prompt, and the
 * teacher without one. Kept as the distributions that the loss compares with.
 */
import type { Engine, Logits, TransferConstants } from '../pool/types.ts'
import type { SoftPrompt } from '../prompt/softPrompt.ts'
import type { Encoded } from '../task/types.ts'
import type { PlainLogits } from './plainLogits.ts'
import { gatherRows, readRows } from './rows.ts'
import { WHOLE, type SupportOfRow } from './support.ts'

/** T of both losses. Source: POST's code. */
export const TEMPERATURE = 2

/** Three float32 vectors over the vocabulary for each read position. */
const VECTORS = 3

/** Texts whose constants fit into this much memory, with one read position each. */
export function textsWithin(budgetBytes: number, vocabulary: number): number {
  return Math.max(1, Math.floor(budgetBytes / (VECTORS * vocabulary * Float32Array.BYTES_PER_ELEMENT)))
}

export type ConstantsRequest = {
  readonly engine: Engine
  /** ps. */
  readonly sourcePrompt: SoftPrompt
  readonly examples: readonly Encoded[]
  readonly vocabulary: number
  /** Logits without a prompt; computed where they are not at hand. */
  readonly plainLogits?: PlainLogits
  /** Tokens that the distributions are over, by the student's prompted logits; the whole vocabulary if not given. */
  readonly supportOf?: (prompted: Logits) => SupportOfRow
  /** Told how many texts are done. */
  readonly onProgress?: (done: number) => void
}

/** Read positions of one call, a text's at least: their logits stand in memory beside the constants. */
const POSITIONS_PER_CALL = 64

const WITHOUT_PROMPT = { prompt: null, promptLength: 0 } as const

export async function computeConstants(request: ConstantsRequest): Promise<TransferConstants> {
  const { engine, sourcePrompt, examples, vocabulary } = request
  const compute: PlainLogits = (slot, examples) => engine.logits({ ...WITHOUT_PROMPT, slot, examples })
  const plainLogits = request.plainLogits ?? compute
  const rows = readRows(examples)
  const size = rows.count * vocabulary
  const constants: TransferConstants = {
    studentOutput: new Float32Array(size),
    studentShift: new Float32Array(size),
    teacherPlain: new Float32Array(size),
  }
  for (let start = 0; start < examples.length;) {
    const part = nextPart(examples, start)
    const prompted = await engine.logits({
      slot: 'student',
      prompt: sourcePrompt.values,
      promptLength: sourcePrompt.length,
      examples: part,
    })
    const plain = await plainLogits('student', part)
    const at = (rows.of([start])[0] ?? 0) * vocabulary
    constants.teacherPlain.set(await plainLogits('teacher', part), at)
    const support = request.supportOf?.(prompted) ?? WHOLE
    const shift = prompted.map((logit, index) => logit - (plain[index] ?? 0))
    constants.studentOutput.set(softmaxOn(support, prompted, vocabulary), at)
    constants.studentShift.set(softmaxOn(support, shift, vocabulary), at)
    start += part.length
    request.onProgress?.(start)
  }
  return constants
}

function nextPart(examples: readonly Encoded[], start: number): Encoded[] {
  let positions = 0
  let end = start
  while (end < examples.length) {
    positions += examples[end]?.read.length ?? 0
    if (end > start && positions > POSITIONS_PER_CALL) break
    end++
  }
  return examples.slice(start, end)
}

/** On a support every probability is at least this, so that 0 says "not of the support". */
const LEAST_PROBABILITY = 1e-30

/** softmax(z / T) of each row over the tokens of its support, 0 elsewhere, in double precision. */
function softmaxOn(support: SupportOfRow, z: Float32Array, width: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(z.length)
  for (let row = 0; row * width < z.length; row++) {
    const values = z.subarray(row * width, (row + 1) * width)
    const tokens = support(row)
    if (tokens === null) {
      out.set(softmaxRows(values, width, TEMPERATURE), row * width)
      continue
    }
    const some = softmaxRows(
      Float32Array.from(tokens, (token) => values[token] ?? 0),
      tokens.length,
      TEMPERATURE,
    )
    for (const [place, token] of tokens.entries()) {
      out[row * width + token] = Math.max(LEAST_PROBABILITY, some[place] ?? 0)
    }
  }
  return out
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

/** The constants at some of the read positions, in the order of `places`. */
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
