/** The label-row head with its loss on the GPU, against the composed version on the CPU and finite differences. */
import { setBackend, tensor1d, tensor2d } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { labelLoss, type LabelLoss } from '../../workers/runtime/kernels/labelLoss/labelLoss.ts'
import { kept, take } from '../../workers/runtime/tensors.ts'
import { takeOutcome } from '../../workers/tune/outcome.ts'
import { TARGETS, openTarget } from './support/backends.ts'
import { expectClose } from './support/vectors.ts'

type Case = {
  readonly texts: number
  readonly width: number
  readonly classes: number
  readonly bias: boolean
}

const CASES: readonly Case[] = [
  { texts: 1, width: 4, classes: 1, bias: false },
  { texts: 7, width: 36, classes: 2, bias: true },
  { texts: 5, width: 260, classes: 31, bias: false },
  { texts: 3, width: 768, classes: 257, bias: true },
]

function values(count: number, seed: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: count }, (_, at) => Math.sin(at * 12.9898 + seed * 78.233))
}

function labelsOf({ texts, classes }: Case): Int32Array {
  return Int32Array.from({ length: texts }, (_, text) => (text === 3 ? -1 : (text * 5) % classes))
}

/** Losses and correctness of the texts that are no dummies, and the hidden states' gradient. */
async function lossOf(given: Case, hidden: Float32Array, labels = labelsOf(given)) {
  const { texts, width, classes } = given
  const rows = values(classes * width, 2)
  const { outcome, dHidden } = kept((): LabelLoss => {
    const columns = Float32Array.from(rows, (_, at) => rows[(at % classes) * width + Math.floor(at / classes)] ?? 0)
    const weights = {
      rows: tensor2d(rows, [classes, width]),
      columns: tensor2d(columns, [width, classes]),
      bias: given.bias ? tensor1d(values(classes, 3)) : null,
    }
    return labelLoss(tensor2d(hidden, [texts, width]), weights, labels)
  })
  return { kind: outcome.kind, outcomes: await takeOutcome(outcome, labels), dHidden: await take(dHidden) }
}

describe.each(TARGETS.filter(({ backend }) => backend === 'webgpu'))('the loss over labels on $label', (target) => {
  it.each(CASES)('of $texts texts of $width over $classes classes, bias $bias', async (given) => {
    const hidden = values(given.texts * given.width, 1)
    await openTarget(target)
    const gpu = await lossOf(given, hidden)
    await setBackend('cpu')
    const cpu = await lossOf(given, hidden)
    expect([gpu.kind, cpu.kind]).toEqual(['figures', 'scores'])
    expect(gpu.outcomes.map(({ correct }) => correct)).toEqual(cpu.outcomes.map(({ correct }) => correct))
    const losses = (of: typeof gpu): number[] => of.outcomes.map(({ loss }) => loss)
    expectClose(losses(gpu), losses(cpu), { rtol: 1e-5, atol: 1e-5 })
    expectClose(gpu.dHidden, cpu.dHidden, { rtol: 1e-4, atol: 2e-5 })
    expect(given.classes === 1 || gpu.dHidden.some((value) => Math.abs(value) > 0.01)).toBe(true)
    // A dummy sends nothing back.
    const dummy = gpu.dHidden.subarray(3 * given.width, 4 * given.width)
    expect(dummy.every((value) => value === 0)).toBe(true)
  })

  it('goes back along the slope of the loss', async () => {
    const given = { texts: 1, width: 12, classes: 5, bias: true }
    const hidden = values(given.width, 4)
    await openTarget(target)
    const { dHidden } = await lossOf(given, hidden)
    const step = 0.02
    const slopes: number[] = []
    for (const [at, value] of hidden.entries()) {
      const [above = NaN, below = NaN] = await Promise.all(
        [step, -step].map(async (by) => {
          const { outcomes } = await lossOf(given, hidden.with(at, value + by))
          return outcomes[0]?.loss
        }),
      )
      slopes.push((above - below) / (2 * step))
    }
    expectClose(dHidden, slopes, { rtol: 2e-3, atol: 1e-4 })
  })

  it('counts a tie for the first class', async () => {
    const given = { texts: 2, width: 8, classes: 6, bias: false }
    await openTarget(target)
    // All scores are 0.
    const { outcomes } = await lossOf(given, new Float32Array(16), Int32Array.of(0, 1))
    expect(outcomes.map(({ correct }) => correct)).toEqual([true, false])
    expectClose(
      outcomes.map(({ loss }) => loss),
      [Math.log(6), Math.log(6)],
      { rtol: 1e-6, atol: 0 },
    )
  })
})
