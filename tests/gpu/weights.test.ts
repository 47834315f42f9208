/** A model of rounded weights is one function, whatever computes it: the host evaluates what was tuned elsewhere. */
import { setBackend, tidy } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { createModel } from '../../workers/model/load.ts'
import type { WeightFormat } from '../../workers/protocol/tuning.ts'
import { take } from '../../workers/runtime/tensors.ts'
import { TARGETS, openTarget } from './support/backends.ts'
import { expectClose, readModel } from './support/vectors.ts'

const IDS = [3, 1, 4, 1, 5]
const PROMPT_ROWS = 2

const files = await readModel('gpt2')

async function logits(format: WeightFormat): Promise<Float32Array> {
  const model = createModel(files, format)
  const [length, last] = [IDS.length, IDS.length - 1]
  const batch = {
    ids: Int32Array.from(IDS),
    size: 1,
    length,
    lengths: Int32Array.of(length),
    read: Int32Array.of(last),
  }
  const prefix = model.prefix(model.embed([7, 8]), PROMPT_ROWS)
  const values = await take(tidy(() => model.logits(model.read(batch, prefix).hidden)))
  prefix.dispose()
  model.dispose()
  return values
}

describe.each(TARGETS.filter(({ backend }) => backend !== 'cpu'))('weights on $label', (target) => {
  it.each(['f16', 'int8'] as const)(
    'of %s give what they give on the reference backend, and not what f32 gives',
    async (format) => {
      await openTarget(target)
      const actual = await logits(format)
      await setBackend('cpu')
      const expected = await logits(format)
      // float32 sums in another order.
      expectClose(actual, expected, { rtol: 1e-4, atol: 1e-5 })
      const exact = await logits('f32')
      expect(Math.max(...exact.map((value, at) => Math.abs(value - (expected[at] ?? 0))))).toBeGreaterThan(1e-4)
    },
  )
})
