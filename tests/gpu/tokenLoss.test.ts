/** The loss of answers over the vocabulary: against double precision, and along its own slope. */
import { tensor2d } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { tokenLoss, type TokenLoss } from '../../workers/runtime/kernels/tokenLoss/tokenLoss.ts'
import { kept, take } from '../../workers/runtime/tensors.ts'
import { TARGETS, openTarget } from './support/backends.ts'
import { expectClose } from './support/vectors.ts'

type Case = { readonly texts: number; readonly reads: number; readonly vocabulary: number }

const CASES: readonly Case[] = [
  { texts: 1, reads: 1, vocabulary: 1 },
  { texts: 3, reads: 3, vocabulary: 7 },
  { texts: 5, reads: 4, vocabulary: 257 },
  { texts: 2, reads: 6, vocabulary: 50_257 },
]

function logitsOf({ texts, reads, vocabulary }: Case): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: texts * reads * vocabulary }, (_, at) => 8 * Math.sin(at * at * 0.37 + 1))
}

/** Answers of unlike lengths; the second text is a dummy, the third is right at each of its positions. */
function targetsOf(given: Case, logits: Float32Array): Int32Array {
  const { texts, reads, vocabulary } = given
  return Int32Array.from({ length: texts * reads }, (_, row) => {
    const [text, read] = [Math.floor(row / reads), row % reads]
    if (text === 1 || read > (text + 1) % reads) return -1
    const own = logits.subarray(row * vocabulary, (row + 1) * vocabulary)
    return text === 2 ? own.indexOf(Math.max(...own.subarray(0, 256), ...own.subarray(256))) : (row * 31) % vocabulary
  })
}

async function lossOf({ texts, reads, vocabulary }: Case, logits: Float32Array, targets: Int32Array) {
  const result = kept((): TokenLoss => tokenLoss(tensor2d(logits, [texts * reads, vocabulary]), targets, texts))
  const [figures, dLogits] = await Promise.all([take(result.figures), take(result.dLogits)])
  const at = (column: number): number[] => Array.from({ length: texts }, (_, text) => figures[text * 4 + column] ?? NaN)
  return { losses: at(0), correct: at(1), dLogits }
}

function expectedOf({ texts, reads, vocabulary }: Case, logits: Float32Array, targets: Int32Array) {
  const losses = Array.from({ length: texts }, () => 0)
  const correct = Array.from({ length: texts }, () => 1)
  const dLogits = new Float64Array(logits.length)
  for (let text = 0; text < texts; text++) {
    const rows = Array.from({ length: reads }, (_, read) => text * reads + read).filter((row) => targets[row] !== -1)
    if (rows.length === 0) correct[text] = 0
    for (const row of rows) {
      const own = Float64Array.from(logits.subarray(row * vocabulary, (row + 1) * vocabulary))
      const target = targets[row] ?? 0
      const top = own.reduce((most, value) => Math.max(most, value), -Infinity)
      const logSum = top + Math.log(own.reduce((sum, value) => sum + Math.exp(value - top), 0))
      losses[text] = (losses[text] ?? 0) + (logSum - (own[target] ?? NaN)) / rows.length
      if (own.indexOf(top) !== target) correct[text] = 0
      own.forEach((value, token) => {
        dLogits[row * vocabulary + token] = (Math.exp(value - logSum) - Number(token === target)) / rows.length
      })
    }
  }
  return { losses, correct, dLogits }
}

describe.each(TARGETS)('the loss of answers on $label', (target) => {
  it.each(CASES)('of $texts texts at $reads positions over $vocabulary tokens', async (given) => {
    await openTarget(target)
    const logits = logitsOf(given)
    const targets = targetsOf(given, logits)
    const actual = await lossOf(given, logits, targets)
    const expected = expectedOf(given, logits, targets)
    expectClose(actual.losses, expected.losses, { rtol: 1e-5, atol: 1e-5 })
    expect(actual.correct).toEqual(expected.correct)
    expectClose(actual.dLogits, expected.dLogits, { rtol: 1e-4, atol: 1e-6 })
    expect(given.texts < 3 || expected.correct.includes(1)).toBe(true)
  })

  it('goes back along the slope of the loss', async () => {
    await openTarget(target)
    const given = { texts: 1, reads: 2, vocabulary: 5 }
    const logits = logitsOf(given).map((value) => value / 8)
    const targets = Int32Array.of(3, 0)
    const { dLogits } = await lossOf(given, logits, targets)
    const step = 0.02
    const slopes: number[] = []
    for (const [at, value] of logits.entries()) {
      const [above = NaN, below = NaN] = await Promise.all(
        [step, -step].map(async (by) => (await lossOf(given, logits.with(at, value + by), targets)).losses[0]),
      )
      slopes.push((above - below) / (2 * step))
    }
    expectClose(dLogits, slopes, { rtol: 2e-3, atol: 1e-4 })
  })

  it('counts a tie for the first token', async () => {
    await openTarget(target)
    const given = { texts: 2, reads: 1, vocabulary: 6 }
    const { losses, correct } = await lossOf(given, new Float32Array(12), Int32Array.of(0, 1))
    expect(correct).toEqual([1, 0])
    expectClose(losses, [Math.log(6), Math.log(6)], { rtol: 1e-6, atol: 0 })
  })
})
