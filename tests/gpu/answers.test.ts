/**
 * Answers that are texts: their loss is the mean over their tokens of what the model says of each, its gradient is the
 * slope of that, and an answer counts as right where greedy decoding writes it.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { computeJudgements } from '../../workers/evaluate/compute.ts'
import { writeAnswers } from '../../workers/generate/answers.ts'
import { createModel } from '../../workers/model/load.ts'
import type { LanguageModel } from '../../workers/model/types.ts'
import { batchSizes } from '../../workers/pool/localEngine.ts'
import { microbatches } from '../../workers/task/batches.ts'
import { answeredWith } from '../../workers/task/encoder.ts'
import type { Encoded } from '../../workers/task/types.ts'
import { computeLogits } from '../../workers/transfer/compute.ts'
import { computeTuneSum } from '../../workers/tune/compute.ts'
import { openTarget, TARGETS } from './support/backends.ts'
import { mixedAnswers, mixedExamples } from './support/examples.ts'
import { expectClose, readModel } from './support/vectors.ts'

const ROWS = 4
const VOCABULARY = 128

const ALL = TARGETS.filter(({ backend, software }) => backend === 'wasm' || (backend === 'webgpu' && software)).flatMap(
  (target) => ['gpt2', 'llama', 'qwen2'].map((folder) => ({ label: target.label, target, folder })),
)

describe.each(ALL)('answers on $label with $folder', ({ target, folder }) => {
  const { backend, software } = target
  let model: LanguageModel
  let prompt: Float32Array<ArrayBuffer>
  beforeAll(async () => {
    await openTarget(target)
    model = createModel(await readModel(folder))
    prompt = model.embed(Array.from({ length: ROWS }, (_, row) => 40 + row))
  })
  afterAll(() => model.dispose())

  const split = (examples: readonly Encoded[]) =>
    microbatches(examples, batchSizes({ name: backend, software }, { ...model.shape, promptLength: ROWS }))
  const batchOf = (examples: readonly Encoded[], rows = prompt) => ({
    slot: 'student' as const,
    prompt: rows,
    promptLength: ROWS,
    examples,
  })
  const judge = async (examples: readonly Encoded[], rows = prompt) =>
    await computeJudgements(model, batchOf(examples, rows), split(examples))

  it('cost the mean cross-entropy of their tokens, each read at the one before', async () => {
    const examples = mixedAnswers(7, VOCABULARY)
    const judged = await judge(examples)
    const logits = await computeLogits(model, batchOf(examples))
    let row = 0
    const losses = examples.map(({ targets = [] }) => {
      const own = targets.map((token) => {
        const z = logits.subarray(row * VOCABULARY, (row + 1) * VOCABULARY)
        row++
        return Math.log(z.reduce((sum, value) => sum + Math.exp(value), 0)) - (z[token] ?? NaN)
      })
      return own.reduce((sum, loss) => sum + loss, 0) / own.length
    })
    expect(row * VOCABULARY).toBe(logits.length)
    expectClose(
      examples.map((_, place) => judged[place * 2] ?? NaN),
      losses,
      { rtol: 1e-4, atol: 1e-4 },
    )
    const { sum } = await computeTuneSum(
      model,
      { ...batchOf(examples), labelTokens: null, labels: [], contribution: { kind: 'plain' } },
      split(examples),
    )
    expectClose([sum[prompt.length] ?? NaN], [losses.reduce((total, loss) => total + loss, 0)], {
      rtol: 1e-4,
      atol: 1e-4,
    })
  })

  it('pull the prompt along the slope of their loss', async () => {
    const examples = mixedAnswers(4, VOCABULARY)
    const { sum } = await computeTuneSum(
      model,
      { ...batchOf(examples), labelTokens: null, labels: [], contribution: { kind: 'plain' } },
      split(examples),
    )
    const lossAt = async (by: number): Promise<number> => {
      const moved = prompt.map((value, at) => value + by * direction(at))
      const judged = await judge(examples, moved)
      return examples.reduce((total, _, place) => total + (judged[place * 2] ?? NaN), 0)
    }
    const slope = prompt.reduce((total, _, at) => total + (sum[at] ?? NaN) * direction(at), 0)
    const step = 0.0025
    expectClose([((await lossAt(step)) - (await lossAt(-step))) / (2 * step)], [slope], { rtol: 1e-2, atol: 1e-2 })
  })

  it('are right where greedy decoding writes them', async () => {
    const texts = mixedExamples(3, VOCABULARY)
    const free = await writeAnswers(model, { ...batchOf(texts), ends: [], maxTokens: 5 })
    expect(free.every(({ ids, ended }) => ids.length === 5 && !ended)).toBe(true)
    // The last token that was written stands for the end.
    const answers = texts.map((text, at) => answeredWith(text, free[at]?.ids ?? []))
    const wrong = answers.map(({ targets = [], ...text }, at) => ({
      ...text,
      targets: targets.with(at, ((targets[at] ?? 0) + 1) % VOCABULARY),
    }))
    const judged = await judge([...answers, ...wrong])
    expect(Array.from({ length: 6 }, (_, place) => judged[place * 2 + 1])).toEqual([1, 1, 1, 0, 0, 0])

    const end = free[0]?.ids[3] ?? 0
    const [ended] = await writeAnswers(model, { ...batchOf(texts.slice(0, 1)), ends: [end], maxTokens: 5 })
    const before = free[0]?.ids.indexOf(end) ?? 0
    expect(ended).toMatchObject({ ended: true, ids: free[0]?.ids.slice(0, before) })
    expect(ended?.probabilities).toHaveLength(before + 1)
    expect(ended?.probabilities.every((share) => share > 1 / VOCABULARY && share <= 1)).toBe(true)
  })
})

function direction(at: number): number {
  return Math.sin(at * 1.7)
}
