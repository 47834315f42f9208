/** The two passes of the transfer, on whatever backend holds the model. */
import { concat, fill, greater, mul, tensor2d, tidy, where, type Tensor2D } from '@tensorflow/tfjs-core'
import { addSums, promptOf, wayBack } from '../model/prefixGradient.ts'
import type { LanguageModel, Prefix, PromptSum } from '../model/types.ts'
import type { Logits, PromptedBatch, TransferBatch, TransferConstants, TransferSum } from '../pool/types.ts'
import { SoftpostError } from '../protocol/errors.ts'
import { klLoss, type KlLoss } from '../runtime/kernels/klLoss/klLoss.ts'
import { kept, take } from '../runtime/tensors.ts'
import type { Microbatch } from '../task/batches.ts'
import { groupByLength } from './lengthGroups.ts'
import { gatherRows, readRows, scatterRows } from './rows.ts'
import type { Encoded } from '../task/types.ts'

/** Raw logits at each text's read positions. */
export async function computeLogits(model: LanguageModel, batch: PromptedBatch): Promise<Logits> {
  const { vocabulary } = model.shape
  const all = readRows(batch.examples)
  const out = new Float32Array(all.count * vocabulary)
  const prefix = batch.prompt === null ? null : model.prefix(batch.prompt, batch.promptLength)
  try {
    for (const { places, tokens } of groupByLength(batch.examples)) {
      const logits = tidy(() => model.logits(model.read(tokens, prefix).hidden))
      const filled = filledRows(batch.examples, { places, tokens })
      const rows = gatherRows(await take(logits), filled, vocabulary)
      scatterRows(out, { rows, places: all.of(places), width: vocabulary })
    }
  } finally {
    prefix?.dispose()
  }
  return out
}

/**
 * Losses of a batch and the gradient of the teacher's prompt. The prompt's keys and values are computed once for all
 * texts, and since only the sum of the texts' gradients is asked for, so is their way back through the prompt.
 */
export async function computeTransferSum(model: LanguageModel, batch: TransferBatch): Promise<TransferSum> {
  const prefix = model.prefix(batch.prompt, batch.promptLength)
  try {
    const { gradient, losses } = tidy(() => {
      const groups = groupByLength(batch.examples)
      const way = wayBack(
        groups.map(({ tokens }) => tokens),
        prefix,
      )
      const parts = groups.map((group) => groupGradient(model, prefix, { group, batch, way }))
      return {
        gradient: promptOf(model, prefix, addSums(parts.map(({ gradient }) => gradient))),
        losses: concat(
          parts.map(({ losses }) => losses),
          0,
        ),
      }
    })
    const width = losses.shape[1]
    // Both at once: a GPU is waited for one time a step.
    const [gradientValues, lossValues] = await Promise.all([take(gradient), take(losses)])
    let outputLoss = 0
    let shiftLoss = 0
    for (let at = 0; at < lossValues.length; at += width) {
      outputLoss += lossValues[at] ?? Number.NaN
      shiftLoss += lossValues[at + 1] ?? Number.NaN
    }
    requireFinite(outputLoss, shiftLoss)
    return { gradient: Float64Array.from(gradientValues), outputLoss, shiftLoss }
  } finally {
    prefix.dispose()
  }
}

type GroupPass = { gradient: PromptSum; losses: Tensor2D }

/** Activations of a group are freed before the next one starts; what remains is as large as the prefix. */
function groupGradient(
  model: LanguageModel,
  prefix: Prefix,
  { group, batch, way }: { readonly group: Microbatch; readonly batch: TransferBatch; readonly way: keyof PromptSum },
): GroupPass {
  return kept(() => {
    const read = model.read(group.tokens, prefix)
    const { sources, weights } = positionsOf(batch.examples, group)
    const constants = gatherConstants(batch.constants, sources, model.shape.vocabulary)
    const logits = model.logits(read.hidden)
    const { dLogits, losses } = weighed(
      klLoss(batch.cut === true ? onSupport(logits, constants.studentOutput) : logits, constants, batch),
      weights,
    )
    return { gradient: read.promptSum(model.logitsBackward(dLogits), way), losses }
  })
}

/** Of a group's read positions `[m·R]` those that a text has of its own, text after text. */
function filledRows(
  examples: readonly Encoded[],
  { places, tokens }: Pick<Microbatch, 'places' | 'tokens'>,
): readonly number[] {
  const reads = tokens.read.length / tokens.size
  return places.flatMap((place, row) => examples[place]?.read.map((_, at) => row * reads + at) ?? [])
}

type Positions = {
  /** For each of a group's read positions `[m·R]`: its row among those of all examples. */
  readonly sources: readonly number[]
  /** Its share of its text's loss, 0 where it only fills up; null where each text has one. */
  readonly weights: Float32Array | null
}

function positionsOf(examples: readonly Encoded[], { places, tokens }: Microbatch): Positions {
  const reads = tokens.read.length / tokens.size
  const rows = readRows(examples)
  if (reads === 1) return { sources: rows.of(places), weights: null }
  const sources: number[] = []
  const weights = new Float32Array(places.length * reads)
  for (const [row, place] of places.entries()) {
    const own = rows.of([place])
    weights.fill(1 / own.length, row * reads, row * reads + own.length)
    for (let read = 0; read < reads; read++) sources.push(own[Math.min(read, own.length - 1)] ?? 0)
  }
  return { sources, weights }
}

function weighed({ losses, dLogits }: KlLoss, weights: Float32Array | null): KlLoss {
  if (weights === null) return { losses, dLogits }
  const column = tensor2d(weights, [weights.length, 1])
  return { losses: mul(losses, column), dLogits: mul(dLogits, column) }
}

/** Far below any logit, far above where float32 ends. */
const NEVER = -1e9

/** Logits whose softmax, and with it their gradient, is 0 where the student's distribution is. */
function onSupport(logits: Tensor2D, studentOutput: Tensor2D): Tensor2D {
  const inside = greater(studentOutput, 0)
  return where(inside, logits, fill(logits.shape, NEVER))
}

function gatherConstants(
  constants: TransferConstants,
  places: readonly number[],
  width: number,
): Record<keyof TransferConstants, Tensor2D> {
  const gather = (values: Float32Array): Tensor2D => tensor2d(gatherRows(values, places, width), [places.length, width])
  return {
    studentOutput: gather(constants.studentOutput),
    studentShift: gather(constants.studentShift),
    teacherPlain: gather(constants.teacherPlain),
  }
}

function requireFinite(...losses: readonly number[]): void {
  if (losses.every((loss) => Number.isFinite(loss))) return
  throw new SoftpostError(
    'non-finite',
    "the transfer's loss is not a finite number; use a smaller learning rate or another starting prompt",
  )
}
