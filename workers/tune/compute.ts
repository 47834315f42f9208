/**
 * The gradient of a batch with respect to the prompt, from one backward pass a microbatch: each example's own where it
 * is to be clipped, else only their sum.
 */
import { tidy, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core'
import { addSums, promptOf, wayBack } from '../model/prefixGradient.ts'
import type { LanguageModel, Prefix, PromptSum, ReadPass } from '../model/types.ts'
import { unitSizesOf, type TuneBatch, type TuneSum } from '../pool/types.ts'
import type { ContributionPlan } from '../privacy/contribution.ts'
import { UnitSum } from '../privacy/unitSum.ts'
import { disposeAll, kept, take } from '../runtime/tensors.ts'
import type { Microbatch } from '../task/batches.ts'
import { answerHead, classesOf, type AnswerHead } from './answerHead.ts'
import { DeviceSum, hasDeviceSum } from './deviceSum.ts'
import { joinOutcomes, takeOutcome, type Outcome } from './outcome.ts'

/** Sums over the examples of `batches`, which are those of `batch` or a part of them. */
export async function computeTuneSum(
  model: LanguageModel,
  batch: TuneBatch,
  batches: readonly Microbatch[],
): Promise<TuneSum> {
  const prefix = model.prefix(batch.prompt, batch.promptLength)
  const head = answerHead(model, batch)
  try {
    const pass = { model, prefix, head, labels: batch.labels }
    const size = batch.prompt.length
    const { contribution } = batch
    const sum =
      contribution.kind === 'clipped'
        ? await clipped(pass, batches, { batch, plan: { size, clipNorm: contribution.clipNorm } })
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
  readonly head: AnswerHead
  readonly labels: readonly number[]
}

/** What came out for each text, and its own gradient with respect to the prompt, `[m, P, d]`; zeros for dummies. */
export function exampleGradients(
  pass: TunePass,
  microbatch: Microbatch,
): { readonly outcome: Outcome; readonly gradient: Tensor3D } {
  return kept(() => {
    const { read, outcome, dHidden } = forward(pass, microbatch)
    return { outcome, gradient: read.promptGradient(dHidden) }
  })
}

/** Where the sum is formed follows from the plan, the model and the backend alone: never from what is in the batch. */
async function clipped(
  pass: TunePass,
  batches: readonly Microbatch[],
  { batch, plan }: { readonly batch: TuneBatch; readonly plan: ContributionPlan },
): Promise<Float64Array<ArrayBuffer>> {
  return batch.unitSizes === undefined && hasDeviceSum(plan, pass.head)
    ? await clippedOnDevice(pass, batches, new DeviceSum(plan))
    : await clippedHere(pass, batches, new UnitSum(plan, unitSizesOf(batch)))
}

async function clippedOnDevice(
  pass: TunePass,
  batches: readonly Microbatch[],
  sum: DeviceSum,
): Promise<Float64Array<ArrayBuffer>> {
  try {
    for (const microbatch of batches) {
      tidy(() => {
        const { read, outcome, dHidden } = forward(pass, microbatch)
        if (outcome.kind !== 'figures') throw new Error('clippedOnDevice: the head gives no figures')
        const gradient = read.promptGradient(dHidden)
        sum.add(gradient, outcome.figures, microbatch.places.length)
      })
    }
    return await sum.take()
  } finally {
    sum.dispose()
  }
}

async function clippedHere(
  pass: TunePass,
  batches: readonly Microbatch[],
  units: UnitSum,
): Promise<Float64Array<ArrayBuffer>> {
  for (const microbatch of batches) {
    const { outcome, gradient } = exampleGradients(pass, microbatch)
    const [outcomes, gradients] = await Promise.all([
      takeOutcome(outcome, classesOf(pass.labels, microbatch)),
      take(gradient),
    ])
    const size = gradients.length / microbatch.tokens.size
    for (const [row, place] of microbatch.places.entries()) {
      const result = outcomes[row]
      if (!result) throw new Error(`clippedHere: nothing came out for row ${row}`)
      units.add(place, { gradient: gradients.subarray(row * size, (row + 1) * size), ...result })
    }
  }
  return units.total
}

type TextSums = { readonly gradient: PromptSum; readonly outcome: Outcome }

/** The texts' gradients are added as early as it pays. */
async function plain(pass: TunePass, batches: readonly Microbatch[], size: number): Promise<Float64Array<ArrayBuffer>> {
  const { model, prefix, labels } = pass
  const total = new Float64Array(size + 2)
  const way = wayBack(
    batches.map(({ tokens }) => tokens),
    prefix,
  )
  let sums: TextSums | null = null
  for (const microbatch of batches) {
    const before: TextSums | null = sums
    sums = kept((): TextSums => {
      const { read, outcome, dHidden } = forward(pass, microbatch)
      const own = read.promptSum(dHidden, way)
      return before === null
        ? { gradient: own, outcome }
        : { gradient: addSums([own, before.gradient]), outcome: joinOutcomes([before.outcome, outcome]) }
    })
    disposeAll(before)
  }
  if (sums === null) return total
  const { gradient: sum, outcome } = sums
  const [gradient, outcomes] = await Promise.all([
    take(tidy(() => promptOf(model, prefix, sum))),
    takeOutcome(outcome, Int32Array.from(batches.flatMap((microbatch) => [...classesOf(labels, microbatch)]))),
  ])
  disposeAll(sum)
  total.set(gradient)
  for (const { loss, correct } of outcomes) {
    total[size] = (total[size] ?? 0) + loss
    total[size + 1] = (total[size + 1] ?? 0) + (correct ? 1 : 0)
  }
  return total
}

/** Cross-entropy of the answers, and its gradient at the hidden states. Dummies add nothing. */
function forward(
  { model, prefix, head }: TunePass,
  microbatch: Microbatch,
): { readonly read: ReadPass; readonly outcome: Outcome; readonly dHidden: Tensor2D } {
  const read = model.read(microbatch.tokens, prefix)
  return { read, ...head.loss(read.hidden, microbatch) }
}
