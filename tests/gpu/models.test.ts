/** What the reference vectors say of each architecture beyond their fields (parity.test.ts), on every backend. */
import { tidy } from '@tensorflow/tfjs-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodedTexts } from '../../workers/evaluate/parity/texts.ts'
import { parseVectors, type ModelVectors } from '../../workers/evaluate/parity/vectors.ts'
import { createModel } from '../../workers/model/load.ts'
import type { LanguageModel } from '../../workers/model/types.ts'
import { take } from '../../workers/runtime/tensors.ts'
import { microbatches } from '../../workers/task/batches.ts'
import { computeTuneSum } from '../../workers/tune/compute.ts'
import { GRADIENT_STEPS } from '../../workers/privacy/contribution.ts'
import { LEVEL, TARGETS, openTarget } from './support/backends.ts'
import { expectClose, readModel, readVectors } from './support/vectors.ts'

const NARROW = ['variants/bf16.safetensors', 'variants/f16.safetensors'] as const
const HUB = 'variants/hub-names.safetensors'
const SHARDS = 'variants/sharded'

/** Folders of tests/golden/parity, and other checkpoints of the very same model there. */
const MODELS = await Promise.all(
  (
    [
      ['gpt2', HUB],
      ['llama', SHARDS, ...NARROW],
      ['llama-tied', SHARDS, ...NARROW],
      ['qwen2', ...NARROW],
      ['roberta', HUB],
      ['bert', HUB],
    ] as const
  ).map(async ([folder, ...variants]) => ({ folder, variants, vectors: await readModelVectors(folder) })),
)

async function readModelVectors(folder: string): Promise<ModelVectors> {
  const given = parseVectors(await readVectors(`${folder}/vectors.json`))
  if (given.of === 'model') return given.vectors
  throw new Error('vectors of a model expected')
}

describe.each(
  TARGETS.flatMap((target) =>
    MODELS.map((reference) => ({ label: target.label, folder: reference.folder, target, reference })),
  ),
)('$folder on $label', ({ target, folder, reference }) => {
  const { backend } = target
  const { label_words: labelTokens, cases } = reference.vectors
  let model: LanguageModel
  beforeAll(async () => {
    await openTarget(target)
    model = createModel(await readModel(folder))
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

  // What a file says does not depend on who computes with it.
  it.each(backend === 'wasm' ? reference.variants : [])('reads %s alike', async (weights) => {
    const other = createModel(await readModel(folder, weights))
    expect(other.shape).toEqual(model.shape)
    expect(other.embed([0, 1, 127])).toEqual(model.embed([0, 1, 127]))
    const batch = {
      ids: Int32Array.from([3, 1, 4, 1, 5]),
      size: 1,
      length: 5,
      lengths: Int32Array.of(5),
      read: Int32Array.of(4),
    }
    const [ours, theirs] = [model, other].map((one) => tidy(() => one.logits(one.read(batch, null).hidden)))
    if (!ours || !theirs) throw new Error('two passes expected')
    expect(await take(theirs)).toEqual(await take(ours))
    other.dispose()
  })
})
