/**
 * The gradient of a batch with respect to the prompt, from one backward pass a microbatch: each example's own where it
 * is to be clipped, else only their sum.
 */
import { mul, softmax, sub, tensor2d, tidy, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core'
import { labelHead, type LabelHead } from '../model/labelHead.ts'
import { overBatches, overTexts } from '../model/prefixGradient.ts'
import type { LanguageModel, Prefix, PrefixGradient } from '../model/types.ts'
import { unitSizesOf, type TuneBatch, type TuneSum } from '../pool/types.ts'
import { UnitSum } from '../privacy/unitSum.ts'
import { disposeAll, kept, take } from '../runtime/tensors.ts'
import type { Microbatch } from '../task/batches.ts'
import { labelLoss } from './labelLoss.ts'

/** Sums over the examples of `batches`, which are those of `batch` or a part of them. */
export async function computeTuneSum(
  model: LanguageModel,
  batch: TuneBatch,
  batches: readonly Microbatch[],
): Promise<TuneSum> {
  const prefix = model.prefix(batch.prompt, batch.promptLength)
  const head = labelHead(model, batch.labelTokens)
  try {
    const pass = { model, prefix, head, labels: batch.labels }
    const size = batch.prompt.length
    const { contribution } = batch
    const sum =
      contribution.kind === 'clipped'
        ? await clipped(pass, batches, new UnitSum({ size, clipNorm: contribution.clipNorm }, unitSizesOf(batch)))
        : await plain(pass, batches, size)
    return { sum }
  } finally {
    prefix.dispose()
    head.dispose()
  }
}

export type TunePass = {
  readonly model: LanguageModel
  readonly prefix: Prefix
  readonly head: LabelHead
  readonly labels: readonly number[]
}

/** Class scores `[m, K]` and each text's own gradient with respect to the prompt, `[m, P, d]`; zeros for dummies. */
export function exampleGradients(
  pass: TunePass,
  microbatch: Microbatch,
): { readonly scores: Tensor2D; readonly gradient: Tensor3D } {
  return kept(() => {
    const { scores, layers } = forwardBackward(pass, microbatch)
    return { scores, gradient: pass.model.prefixBackward(pass.prefix, layers) }
  })
}

async function clipped(
  pass: TunePass,
  batches: readonly Microbatch[],
  units: UnitSum,
): Promise<Float64Array<ArrayBuffer>> {
  const { head, labels } = pass
  for (const microbatch of batches) {
    const { scores, gradient } = exampleGradients(pass, microbatch)
    const [scoreValues, gradients] = await Promise.all([take(scores), take(gradient)])
    const size = gradients.length / microbatch.tokens.size
    for (const [row, place] of microbatch.places.entries()) {
      const result = labelLoss(scoreValues, row, { classes: head.classes, label: labels[place] ?? 0 })
      units.add(place, { gradient: gradients.subarray(row * size, (row + 1) * size), ...result })
    }
  }
  return units.total
}

/** The texts' gradients are added before the way back through the prompt, which is then done once. */
async function plain(pass: TunePass, batches: readonly Microbatch[], size: number): Promise<Float64Array<ArrayBuffer>> {
  const { model, prefix, head, labels } = pass
  const total = new Float64Array(size + 2)
  let loss = 0
  let correct = 0
  let sumOfTexts: PrefixGradient | null = null
  for (const microbatch of batches) {
    const { scores, layers } = kept(() => {
      const { scores, layers } = forwardBackward(pass, microbatch)
      return {
        scores,
        layers: overBatches([overTexts(layers, pass.prefix.rows), ...(sumOfTexts === null ? [] : [sumOfTexts])]),
      }
    })
    disposeAll(sumOfTexts)
    sumOfTexts = layers
    const scoreValues = await take(scores)
    for (const [row, place] of microbatch.places.entries()) {
      const result = labelLoss(scoreValues, row, { classes: head.classes, label: labels[place] ?? 0 })
      loss += result.loss
      correct += result.correct ? 1 : 0
    }
  }
  if (sumOfTexts) {
    const layers = sumOfTexts
    total.set(await take(tidy(() => model.prefixBackward(prefix, layers))))
    disposeAll(layers)
  }
  total.set([loss, correct], size)
  return total
}

/** Cross-entropy over the class scores, its gradient down to the prefix's keys and values. Dummies add nothing. */
function forwardBackward(
  { model, prefix, head, labels }: TunePass,
  { tokens, places }: Microbatch,
): { readonly scores: Tensor2D; readonly layers: PrefixGradient } {
  const read = model.read(tokens, prefix)
  const scores = head.scores(read.hidden)
  const targets = new Float32Array(tokens.size * head.classes)
  const counts = new Float32Array(tokens.size)
  for (const [row, place] of places.entries()) {
    targets[row * head.classes + (labels[place] ?? 0)] = 1
    counts[row] = 1
  }
  const toTargets = sub(softmax(scores), tensor2d(targets, [tokens.size, head.classes]))
  const dScores = mul<Tensor2D>(toTargets, tensor2d(counts, [tokens.size, 1]))
  return { scores, layers: read.backward(head.backward(dScores)) }
}
