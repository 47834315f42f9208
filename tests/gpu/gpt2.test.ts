/** What the reference vectors say of GPT-2 beyond their fields (parity.test.ts), on every backend. */
import { tidy } from '@tensorflow/tfjs-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodedTexts } from '../../workers/evaluate/parity/texts.ts'
import { parseVectors } from '../../workers/evaluate/parity/vectors.ts'
import { createModel } from '../../workers/model/load.ts'
import type { LanguageModel } from '../../workers/model/types.ts'
import { take } from '../../workers/runtime/tensors.ts'
import { microbatches } from '../../workers/task/batches.ts'
import { computeTuneSum } from '../../workers/tune/compute.ts'
import { GRADIENT_STEPS } from '../../workers/privacy/contribution.ts'
import { LEVEL, TARGETS, openTarget } from './support/backends.ts'
import { expectClose, readModel, readVectors } from './support/vectors.ts'

const given = parseVectors(await readVectors('gpt2/vectors.json'))
if (given.of !== 'model') throw new Error('vectors of a model expected')
const { label_words: labelTokens, cases } = given.vectors

describe.each(TARGETS)('gpt2 on $label', (target) => {
  const { backend } = target
  let model: LanguageModel
  beforeAll(async () => {
    await openTarget(target)
    model = createModel(await readModel('gpt2'))
  })
  afterAll(() => model.dispose())

  describe.each(cases.map((values, index) => ({ index, values })))('batch $index', ({ values }) => {
    it('clips and sums as the reference does, to the grid', async () => {
      const { prompt, prompted, precision } = values
      const examples = encodedTexts(values)
      const promptLength = prompt.shape[0] ?? 0
      const clipped = await computeTuneSum(
        model,
        {
          slot: 'student',
          prompt: Float32Array.from(prompt.data),
          promptLength,
          labelTokens,
          examples,
          labels: values.labels,
          contribution: { kind: 'clipped', clipNorm: prompted.clip_norm },
        },
        microbatches(examples, { room: model.shape.contextLength - promptLength, tokens: 24 }),
      )
      // Each example is rounded to the grid by at most half a step, and shrunk by at most a thousandth of one in its norm.
      const step = prompted.clip_norm / GRADIENT_STEPS
      const tolerance = precision['prompted.clipped_sum']
      if (!tolerance) throw new Error('no tolerance')
      const { rtol, atol } = tolerance[LEVEL[backend]]
      expectClose(
        clipped.sum.subarray(0, prompt.data.length).map((value) => value * step),
        prompted.clipped_sum.data,
        { rtol, atol: atol + (examples.length * step) / 2 },
      )
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
