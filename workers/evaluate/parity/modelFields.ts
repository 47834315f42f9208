/** The fields of one model's vectors: hidden states, logits, scores, gradients of a prompt and steps on it. */
import { tidy } from '@tensorflow/tfjs-core'
import type { LanguageModel } from '../../model/types.ts'
import type { TuneBatch } from '../../pool/types.ts'
import { disposeAll, take } from '../../runtime/tensors.ts'
import { microbatches, type Microbatch } from '../../task/batches.ts'
import type { Encoded } from '../../task/types.ts'
import { computeLogits } from '../../transfer/compute.ts'
import { groupByLength } from '../../transfer/lengthGroups.ts'
import { scatterRows } from '../../transfer/rows.ts'
import { answerHead } from '../../tune/answerHead.ts'
import { computeTuneSum, exampleGradients } from '../../tune/compute.ts'
import { labelLoss } from '../../tune/labelLoss.ts'
import { computeScores } from '../compute.ts'
import type { Computed } from './compare.ts'
import { adamSteps, afterSteps, type Prompt } from './steps.ts'
import { atEveryToken, atTokens, encodedTexts } from './texts.ts'
import type { Case } from './vectors.ts'

/** Tokens of a microbatch. */
const TOKENS = 128

/** A case as the product's functions take it. */
type Given = {
  readonly model: LanguageModel
  readonly examples: readonly Encoded[]
  readonly labels: readonly number[]
  readonly labelTokens: readonly (readonly number[])[]
  readonly prompt: Prompt
  readonly promptLength: number
}

export async function modelFields(
  model: LanguageModel,
  labelTokens: readonly (readonly number[])[],
  values: Case,
): Promise<Computed[]> {
  const given: Given = {
    model,
    examples: encodedTexts(values),
    labels: values.labels,
    labelTokens,
    prompt: Float32Array.from(values.prompt.data),
    promptLength: values.prompt.shape[0] ?? 0,
  }
  return [
    ...(await plainFields(given, values)),
    ...(await promptedFields(given, values)),
    ...(await gradientFields(given, values)),
    ...(await stepFields(given, values)),
    ...(await rowStepFields(given, values)),
  ]
}

async function plainFields({ model, examples }: Given, values: Case): Promise<Computed[]> {
  const { plain } = values
  const { width, vocabulary } = model.shape
  const tokens = atEveryToken(examples)
  const bare = { slot: 'student', prompt: null, promptLength: 0 } as const
  return [
    {
      name: 'plain.last_hidden_state',
      actual: await hiddenStates(model, tokens),
      expected: atTokens(plain.last_hidden_state.data, values, width),
    },
    {
      name: 'plain.logits',
      actual: await computeLogits(model, { ...bare, examples: tokens }),
      expected: atTokens(plain.logits.data, values, vocabulary),
    },
    {
      name: 'plain.logits_at_read',
      actual: await computeLogits(model, { ...bare, examples }),
      expected: plain.logits_at_read.data,
    },
  ]
}

async function hiddenStates(model: LanguageModel, examples: readonly Encoded[]): Promise<Float32Array> {
  const { width } = model.shape
  const out = new Float32Array(examples.length * width)
  for (const { tokens, places } of groupByLength(examples)) {
    scatterRows(out, { rows: await take(tidy(() => model.read(tokens, null).state)), places, width })
  }
  return out
}

async function promptedFields(given: Given, { prompted }: Case): Promise<Computed[]> {
  const { model, labels, labelTokens } = given
  const batch = { ...given, slot: 'student' } as const
  const scores = await computeScores(model, batch, split(given))
  const classes = labelTokens.length
  const losses = labels.map((label, row) => labelLoss(scores, row, { classes, label }).loss)
  return [
    {
      name: 'prompted.logits_at_read',
      actual: await computeLogits(model, batch),
      expected: prompted.logits_at_read.data,
    },
    { name: 'prompted.class_scores', actual: scores, expected: prompted.class_scores.data },
    { name: 'prompted.loss', actual: losses, expected: prompted.loss.data },
    { name: 'prompted.mean_loss', actual: [mean(losses)], expected: [prompted.mean_loss] },
  ]
}

async function gradientFields(given: Given, { prompted }: Case): Promise<Computed[]> {
  const count = given.examples.length
  const size = given.prompt.length
  const gradients = await ownGradients(given)
  const rows = given.examples.map((_, row) => gradients.subarray(row * size, (row + 1) * size))
  const norms = rows.map((row) => Math.sqrt(row.reduce((sum, value) => sum + value * value, 0)))
  const factors = norms.map((norm) => Math.min(1, prompted.clip_norm / norm))
  const clippedSum = new Float64Array(size)
  for (const [row, gradient] of rows.entries()) {
    for (const [at, value] of gradient.entries()) clippedSum[at] = (clippedSum[at] ?? 0) + value * (factors[row] ?? 0)
  }
  const sum = await plainSum(given, given.prompt)
  return [
    { name: 'prompted.grad', actual: gradients, expected: prompted.grad.data },
    { name: 'prompted.grad_norm', actual: norms, expected: prompted.grad_norm.data },
    { name: 'prompted.clip_factor', actual: factors, expected: prompted.clip_factor.data },
    { name: 'prompted.clipped_sum', actual: clippedSum, expected: prompted.clipped_sum.data },
    {
      name: 'prompted.clipped_mean',
      actual: clippedSum.map((value) => value / count),
      expected: prompted.clipped_mean.data,
    },
    { name: 'prompted.mean_grad', actual: sum.gradient, expected: prompted.mean_grad.data },
  ]
}

/** Each example's own gradient, `[B, L, d]`. */
async function ownGradients(given: Given): Promise<Float32Array> {
  const { model, examples, labels, labelTokens, prompt, promptLength } = given
  const out = new Float32Array(examples.length * prompt.length)
  const prefix = model.prefix(prompt, promptLength)
  const head = answerHead(model, { labelTokens, labels })
  try {
    for (const microbatch of split(given)) {
      const { outcome, gradient } = exampleGradients({ model, prefix, head, labels }, microbatch)
      disposeAll(outcome)
      scatterRows(out, { rows: await take(gradient), places: microbatch.places, width: prompt.length })
    }
    return out
  } finally {
    prefix.dispose()
    head.dispose()
  }
}

/** Steps on the mean loss of the whole batch. */
async function stepFields(given: Given, { adam }: Case): Promise<Computed[]> {
  const [steps = 0] = adam.prompt_after.shape
  const loop = await adamSteps(given.prompt, {
    learningRate: adam.lr,
    steps,
    gradientAt: (prompt) => plainSum(given, prompt),
  })
  const { loss } = await plainSum(given, loop.last)
  return [
    { name: 'adam.loss', actual: [...loop.losses, loss], expected: adam.loss.data },
    afterSteps('adam.prompt_after', loop.prompts, adam.prompt_after.data, { learningRate: adam.lr, steps }),
  ]
}

/** Steps on one example after another. */
async function rowStepFields(given: Given, { adam_rows: rows }: Case): Promise<Computed[]> {
  const [steps = 0] = rows.prompt_after.shape
  const loop = await adamSteps(given.prompt, {
    learningRate: rows.lr,
    steps,
    gradientAt: (prompt, step) => plainSum(only(given, step), prompt),
  })
  return [
    { name: 'adam_rows.loss', actual: loop.losses, expected: rows.loss.data },
    afterSteps('adam_rows.prompt_after', loop.prompts, rows.prompt_after.data, { learningRate: rows.lr, steps }),
  ]
}

function only(given: Given, row: number): Given {
  return { ...given, examples: given.examples.slice(row, row + 1), labels: given.labels.slice(row, row + 1) }
}

/** Means over the examples, by the pass that a run without DP makes. */
async function plainSum(given: Given, prompt: Prompt): Promise<{ loss: number; gradient: Float32Array<ArrayBuffer> }> {
  const count = given.examples.length
  const batch: TuneBatch = { ...given, prompt, slot: 'student', contribution: { kind: 'plain' } }
  const { sum } = await computeTuneSum(given.model, batch, split(given))
  return {
    loss: (sum[prompt.length] ?? Number.NaN) / count,
    gradient: Float32Array.from(sum.subarray(0, prompt.length), (value) => value / count),
  }
}

function split({ model, examples, promptLength }: Given): Microbatch[] {
  return microbatches(examples, { room: model.shape.contextLength - promptLength, tokens: TOKENS })
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
