/** How often a step hands its work to the GPU. */
import { describe, expect, it, vi } from 'vitest'
import { createModel } from '../../workers/model/load.ts'
import { microbatches } from '../../workers/task/batches.ts'
import { computeTuneSum } from '../../workers/tune/compute.ts'
import { openTarget } from './support/backends.ts'
import { mixedExamples } from './support/examples.ts'
import { GPUS } from './support/sameNumbers.ts'
import { readModel } from './support/vectors.ts'

describe.each(GPUS)('a private step on $label', (target) => {
  it('is one submission, however many passes it takes', async () => {
    await openTarget(target)
    const model = createModel(await readModel('gpt2'))
    const rows = 4
    const examples = mixedExamples(8, 128)
    const batch = {
      slot: 'student',
      prompt: model.embed([5, 6, 7, 8]),
      promptLength: rows,
      labelTokens: [[50], [60, 61], [70]],
      examples,
      labels: examples.map((_, place) => place % 3),
      contribution: { kind: 'clipped', clipNorm: 0.05 },
    } as const
    const passes = microbatches(examples, { room: model.shape.contextLength - rows, tokens: 32 })
    expect(passes.length).toBeGreaterThan(4)
    const step = async () => await computeTuneSum(model, batch, passes)
    // What is compiled or uploaded at first is not of it.
    const first = await step()
    const dispatch = vi.spyOn(GPUComputePassEncoder.prototype, 'dispatchWorkgroups')
    const submit = vi.spyOn(GPUQueue.prototype, 'submit')
    try {
      expect(await step()).toEqual(first)
      expect(dispatch.mock.calls.length).toBeGreaterThan(64)
      expect(submit.mock.calls.length).toBe(1)
    } finally {
      dispatch.mockRestore()
      submit.mockRestore()
      model.dispose()
    }
  })
})
