/** The transfer's loss over the whole vocabulary on the GPU: against double precision, and along its own slope. */
import { tensor2d } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { klLoss, type KlLoss } from '../../workers/runtime/kernels/klLoss/klLoss.ts'
import { kept, take } from '../../workers/runtime/tensors.ts'
import { softmaxRows } from '../../workers/transfer/constants.ts'
import { TARGETS, openTarget } from './support/backends.ts'
import { expectClose } from './support/vectors.ts'

const OPTIONS = { alpha: 0.3, temperature: 2 }

type Given = Record<'logits' | 'studentOutput' | 'studentShift' | 'teacherPlain', Float32Array>

function values(count: number, seed: number, scale = 3): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: count }, (_, at) => scale * Math.sin(at * at * 0.37 + seed * 78.233))
}

function givenOf(texts: number, vocabulary: number): Given {
  const size = texts * vocabulary
  const source = (seed: number, scale: number): Float32Array =>
    softmaxRows(values(size, seed, scale), vocabulary, OPTIONS.temperature)
  return {
    logits: values(size, 1),
    // Sharp enough for probabilities that are 0 in float32.
    studentOutput: source(2, 400),
    studentShift: source(3, 4),
    teacherPlain: values(size, 4),
  }
}

/** Equations 3-5 of the paper, in double precision. */
function expectedOf(given: Given, vocabulary: number): { losses: number[]; dLogits: Float64Array } {
  const { alpha, temperature } = OPTIONS
  const dLogits = new Float64Array(given.logits.length)
  const losses: number[] = []
  for (let begin = 0; begin < given.logits.length; begin += vocabulary) {
    for (const [source, weight, plain] of [
      [given.studentOutput, 1 - alpha, null],
      [given.studentShift, alpha, given.teacherPlain],
    ] as const) {
      const scaled = Array.from(
        { length: vocabulary },
        (_, at) => ((given.logits[begin + at] ?? NaN) - (plain?.[begin + at] ?? 0)) / temperature,
      )
      const top = scaled.reduce((most, value) => Math.max(most, value), -Infinity)
      const logSum = top + Math.log(scaled.reduce((sum, value) => sum + Math.exp(value - top), 0))
      let loss = 0
      for (const [at, value] of scaled.entries()) {
        const s = source[begin + at] ?? NaN
        if (s > 0) loss += s * (Math.log(s) - (value - logSum))
        dLogits[begin + at] = (dLogits[begin + at] ?? 0) + weight * temperature * (Math.exp(value - logSum) - s)
      }
      losses.push(temperature ** 2 * loss)
    }
  }
  return { losses, dLogits }
}

async function lossOf(given: Given, vocabulary: number): Promise<{ losses: number[]; dLogits: Float32Array }> {
  const matrix = (of: Float32Array) => tensor2d(of, [of.length / vocabulary, vocabulary])
  const result = kept((): KlLoss => {
    const { logits, ...constants } = given
    return klLoss(
      matrix(logits),
      {
        studentOutput: matrix(constants.studentOutput),
        studentShift: matrix(constants.studentShift),
        teacherPlain: matrix(constants.teacherPlain),
      },
      OPTIONS,
    )
  })
  const width = result.losses.shape[1]
  const rows = await take(result.losses)
  return { losses: [...rows].filter((_, at) => at % width < 2), dLogits: await take(result.dLogits) }
}

describe.each(TARGETS)('the loss over a vocabulary on $label', (target) => {
  it.each([
    { texts: 1, vocabulary: 1 },
    { texts: 3, vocabulary: 7 },
    { texts: 5, vocabulary: 257 },
    { texts: 2, vocabulary: 50_257 },
    { texts: 1, vocabulary: 128_256 },
  ])('of $texts texts over $vocabulary tokens', async ({ texts, vocabulary }) => {
    await openTarget(target)
    const given = givenOf(texts, vocabulary)
    const actual = await lossOf(given, vocabulary)
    const expected = expectedOf(given, vocabulary)
    expectClose(actual.losses, expected.losses, { rtol: 2e-4, atol: 2e-5 })
    const scale = expected.dLogits.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
    expectClose(actual.dLogits, expected.dLogits, { rtol: 1e-4, atol: 1e-5 * Math.max(scale, 1e-3) })
  })

  it('goes back along the slope of the loss', async () => {
    await openTarget(target)
    const vocabulary = 9
    const given = givenOf(1, vocabulary)
    const { dLogits } = await lossOf(given, vocabulary)
    const step = 0.05
    for (const [at, slope] of dLogits.entries()) {
      const [above = NaN, below = NaN] = await Promise.all(
        [step, -step].map(async (by) => {
          const { losses } = await lossOf(
            { ...given, logits: given.logits.with(at, (given.logits[at] ?? 0) + by) },
            vocabulary,
          )
          return (1 - OPTIONS.alpha) * (losses[0] ?? NaN) + OPTIONS.alpha * (losses[1] ?? NaN)
        }),
      )
      expect(Math.abs((above - below) / (2 * step) - slope)).toBeLessThan(2e-3)
    }
  })
})
