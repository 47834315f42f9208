/** GPT-2 against Hugging Face's numbers, on every backend. */
import { tidy } from '@tensorflow/tfjs-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createModel } from '../../workers/model/load.ts'
import type { LanguageModel, TokenBatch } from '../../workers/model/types.ts'
import { labelHead } from '../../workers/model/labelHead.ts'
import { take } from '../../workers/runtime/tensors.ts'
import { microbatches } from '../../workers/task/batches.ts'
import { computeTuneSum, exampleGradients } from '../../workers/tune/compute.ts'
import { labelLoss } from '../../workers/tune/labelLoss.ts'
import { GRADIENT_STEPS } from '../../workers/privacy/contribution.ts'
import { LEVEL, TARGETS, openTarget } from './support/backends.ts'
import { expectClose, readModel, readVectors, type Precision, type Values } from './support/vectors.ts'

type Case = {
  readonly input_ids: readonly (readonly number[])[]
  readonly lengths: readonly number[]
  readonly labels: readonly number[]
  readonly read_index: readonly number[]
  readonly prompt: Values
  readonly plain: { readonly last_hidden_state: Values; readonly logits_at_read: Values }
  readonly prompted: {
    readonly clip_norm: number
    readonly logits_at_read: Values
    readonly class_scores: Values
    readonly loss: Values
    readonly grad: Values
    readonly clip_factor: Values
    readonly clipped_sum: Values
    readonly mean_grad: Values
    readonly mean_loss: number
  }
  readonly precision: Precision
}
type Vectors = { readonly label_words: readonly (readonly number[])[]; readonly cases: readonly Case[] }

const vectors = await readVectors<Vectors>('gpt2/vectors.json')

describe.each(TARGETS)('gpt2 on $label', (target) => {
  const { backend } = target
  let model: LanguageModel
  beforeAll(async () => {
    await openTarget(target)
    model = createModel(await readModel('gpt2'))
  })
  afterAll(() => model.dispose())

  describe.each(vectors.cases.map((values, index) => ({ index, values })))('batch $index', ({ values }) => {
    const { prompt, prompted, plain, precision } = values
    const rows = prompt.shape[0] ?? 0
    const promptValues = Float32Array.from(prompt.data)
    const tolerance = (field: string): { rtol: number; atol: number } => {
      const entry = precision[field]
      if (!entry) throw new Error(`no tolerance for ${field}`)
      return entry[LEVEL[backend]]
    }
    const batch: TokenBatch = {
      ids: Int32Array.from(values.input_ids.flat()),
      size: values.input_ids.length,
      length: values.input_ids[0]?.length ?? 0,
      lengths: Int32Array.from(values.lengths),
      read: Int32Array.from(values.read_index),
    }

    it('gives the logits at the read position without a prompt', async () => {
      const logits = await take(tidy(() => model.logits(model.read(batch, null).hidden)))
      expectClose(logits, plain.logits_at_read.data, tolerance('plain.logits_at_read'))
    })

    it('gives the final hidden state at every position, read one by one', async () => {
      const { data, shape } = plain.last_hidden_state
      const [, length = 0, width = 0] = shape
      for (let position = 0; position < length; position++) {
        const read = Int32Array.from(values.lengths, (last) => Math.min(position, last - 1))
        const hidden = await take(tidy(() => model.read({ ...batch, read }, null).hidden))
        const expected = [...read].flatMap((at, text) =>
          data.slice((text * length + at) * width, (text * length + at + 1) * width),
        )
        expectClose(hidden, expected, tolerance('plain.last_hidden_state'))
      }
    })

    it('gives logits, class scores and losses with a prompt', async () => {
      const prefix = model.prefix(promptValues, rows)
      const head = labelHead(model, vectors.label_words)
      const { logits, scores } = tidy(() => {
        const { hidden } = model.read(batch, prefix)
        return { logits: model.logits(hidden), scores: head.scores(hidden) }
      })
      expectClose(await take(logits), prompted.logits_at_read.data, tolerance('prompted.logits_at_read'))
      const scoreValues = await take(scores)
      expectClose(scoreValues, prompted.class_scores.data, tolerance('prompted.class_scores'))
      const losses = values.labels.map(
        (label, row) => labelLoss(scoreValues, row, { classes: vectors.label_words.length, label }).loss,
      )
      expectClose(losses, prompted.loss.data, tolerance('prompted.loss'))
      prefix.dispose()
      head.dispose()
    })

    it("gives the gradient of each example's own loss", async () => {
      expectClose(await gradients(model, values, batch), prompted.grad.data, tolerance('prompted.grad'))
    })

    it('clips and sums as the reference does, to the grid', async () => {
      const examples = values.input_ids.map((ids, row) => ({
        ids: Int32Array.from(ids.slice(0, values.lengths[row])),
        read: [values.read_index[row] ?? 0],
        cut: false,
      }))
      const request = {
        slot: 'student' as const,
        prompt: promptValues,
        promptLength: rows,
        labelTokens: vectors.label_words,
        examples,
        labels: values.labels,
      }
      const batches = microbatches(examples, { room: model.shape.contextLength - rows, tokens: 24 })
      const clipped = await computeTuneSum(
        model,
        { ...request, contribution: { kind: 'clipped', clipNorm: prompted.clip_norm } },
        batches,
      )
      // Each example is rounded to the grid by at most half a step, and shrunk by at most a thousandth of one in its norm.
      const step = prompted.clip_norm / GRADIENT_STEPS
      const { rtol, atol } = tolerance('prompted.clipped_sum')
      expectClose(
        clipped.sum.subarray(0, promptValues.length).map((value) => value * step),
        prompted.clipped_sum.data,
        { rtol, atol: atol + (examples.length * step) / 2 },
      )

      const plainSum = await computeTuneSum(model, { ...request, contribution: { kind: 'plain' } }, batches)
      const mean = plainSum.sum.map((value) => value / examples.length)
      expectClose(mean.subarray(0, promptValues.length), prompted.mean_grad.data, tolerance('prompted.mean_grad'))
      expectClose([mean[promptValues.length] ?? 0], [prompted.mean_loss], tolerance('prompted.mean_loss'))
    })
  })

  it('reads a checkpoint with the names of the hub alike', async () => {
    const other = createModel(await readModel('gpt2', 'variants/hub-names.safetensors'))
    expect(other.shape).toEqual(model.shape)
    expect(other.embed([0, 1, 127])).toEqual(model.embed([0, 1, 127]))
    const batch = {
      ids: Int32Array.from([3, 1, 4, 1, 5]),
      size: 1,
      length: 5,
      lengths: Int32Array.of(5),
      read: Int32Array.of(4),
    }
    const [ours, theirs] = [model, other].map((one) => tidy(() => one.read(batch, null).hidden))
    if (!ours || !theirs) throw new Error('two passes expected')
    expect(await take(theirs)).toEqual(await take(ours))
    other.dispose()
  })
})

async function gradients(model: LanguageModel, values: Case, tokens: TokenBatch): Promise<Float32Array> {
  const prefix = model.prefix(Float32Array.from(values.prompt.data), values.prompt.shape[0] ?? 0)
  const head = labelHead(model, vectors.label_words)
  const places = values.labels.map((_, place) => place)
  const { scores, gradient } = exampleGradients({ model, prefix, head, labels: values.labels }, { tokens, places })
  scores.dispose()
  prefix.dispose()
  head.dispose()
  return await take(gradient)
}
