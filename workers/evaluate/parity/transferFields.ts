/** The fields of a pair's transfer: logits with and without the prompts, losses, gradients, and steps on the prompt. */
import type { Engine, TransferBatch, TransferConstants } from '../../pool/types.ts'
import { softmaxRows } from '../../transfer/constants.ts'
import type { Encoded } from '../../task/types.ts'
import type { Computed } from './compare.ts'
import { adamSteps, afterSteps, type Prompt } from './steps.ts'
import { encodedTexts } from './texts.ts'
import { alphaCase, type Transfer, type Values } from './vectors.ts'

type PairEngine = Pick<Engine, 'logits' | 'transfer'>

/** `engine` holds student and teacher. */
export async function transferFields(engine: PairEngine, values: Transfer): Promise<Computed[]> {
  const examples = encodedTexts(values)
  const logits = await allLogits(engine, examples, values)
  const { sourcePlain, sourcePrompted, targetPlain } = logits
  const [, vocabulary = 0] = values.source_plain_logits.shape
  const { temperature } = values
  const constants: TransferConstants = {
    studentOutput: softmaxRows(sourcePrompted, vocabulary, temperature),
    studentShift: softmaxRows(minus(sourcePrompted, sourcePlain), vocabulary, temperature),
    teacherPlain: targetPlain,
  }
  const fields: Computed[] = [
    { name: 'transfer.source_plain_logits', actual: sourcePlain, expected: values.source_plain_logits.data },
    { name: 'transfer.source_prompted_logits', actual: sourcePrompted, expected: values.source_prompted_logits.data },
    { name: 'transfer.target_plain_logits', actual: targetPlain, expected: values.target_plain_logits.data },
    {
      name: 'transfer.target_prompted_logits',
      actual: logits.targetPrompted,
      expected: values.target_prompted_logits.data,
    },
    {
      name: 'transfer.logit_arithmetic',
      actual: minus(sourcePrompted, sourcePlain).map((shift, at) => shift + (targetPlain[at] ?? 0)),
      expected: values.logit_arithmetic.data,
    },
  ]
  for (const alpha of values.alphas) fields.push(...(await alphaFields(engine, { examples, constants, alpha, values })))
  return fields
}

async function allLogits(engine: PairEngine, examples: readonly Encoded[], values: Transfer) {
  const logits = async (slot: 'student' | 'teacher', prompt: Values | null) =>
    await engine.logits({
      slot,
      prompt: prompt && Float32Array.from(prompt.data),
      promptLength: prompt?.shape[0] ?? 0,
      examples,
    })
  return {
    sourcePlain: await logits('student', null),
    sourcePrompted: await logits('student', values.source_prompt),
    targetPlain: await logits('teacher', null),
    targetPrompted: await logits('teacher', values.target_prompt),
  }
}

type AlphaRequest = Pick<TransferBatch, 'examples' | 'constants' | 'alpha'> & { readonly values: Transfer }

async function alphaFields(engine: PairEngine, { values, ...batch }: AlphaRequest): Promise<Computed[]> {
  const { alpha } = batch
  const expected = alphaCase(values, alpha)
  const name = `transfer.alpha=${alpha}`
  const start = Float32Array.from(values.target_prompt.data)
  const promptLength = values.target_prompt.shape[0] ?? 0
  const { temperature } = values
  const at = async (prompt: Prompt) =>
    meanOf(await engine.transfer({ ...batch, prompt, promptLength, temperature }), batch)
  const before = await at(start)
  const [steps = 0] = expected.adam.prompt_after.shape
  const { lr: learningRate } = values.optimizer
  const losses: number[] = []
  const loop = await adamSteps(start, {
    learningRate,
    steps,
    gradientAt: async (prompt) => {
      const mean = await at(prompt)
      losses.push(...mean.columns)
      return mean
    },
  })
  losses.push(...(await at(loop.last)).columns)
  const [L1, L2, total] = before.columns
  return [
    { name: `${name}.L1`, actual: [L1], expected: [expected.L1] },
    { name: `${name}.L2`, actual: [L2], expected: [expected.L2] },
    { name: `${name}.total`, actual: [total], expected: [expected.total] },
    { name: `${name}.grad`, actual: before.gradient, expected: expected.grad.data },
    { name: `${name}.adam.losses`, actual: losses, expected: expected.adam.losses.data },
    afterSteps(`${name}.adam.prompt_after`, loop.prompts, expected.adam.prompt_after.data, { learningRate, steps }),
  ]
}

type Sum = Awaited<ReturnType<Engine['transfer']>>
type Columns = readonly [L1: number, L2: number, total: number]

function meanOf(sum: Sum, { examples, alpha }: Pick<TransferBatch, 'examples' | 'alpha'>) {
  const count = examples.length
  const [L1, L2] = [sum.outputLoss / count, sum.shiftLoss / count]
  const loss = (1 - alpha) * L1 + alpha * L2
  const columns: Columns = [L1, L2, loss]
  return { columns, loss, gradient: Float32Array.from(sum.gradient, (value) => value / count) }
}

function minus(a: Float32Array, b: Float32Array): Float32Array<ArrayBuffer> {
  return Float32Array.from(a, (value, at) => value - (b[at] ?? 0))
}
