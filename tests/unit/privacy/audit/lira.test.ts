import { describe, expect, test } from 'vitest'
import { type Guess, likelihoodRatios, type Shadow } from '../../../../workers/privacy/audit/lira.ts'
import { judgeGuesses } from '../../../../workers/privacy/audit/roc.ts'
import { upperTail } from '../../../../workers/privacy/audit/statistics.ts'
import { addRoundedGaussian } from '../../../../workers/privacy/noise.ts'
import { heldOutCoins } from '../../../../workers/privacy/sampler.ts'
import { errorOf } from '../../model/support.ts'
import { seededRandom } from '../support.ts'

/** Prompts whose log odds are Gaussian of deviation 1 around a row's own mean, higher by `gain` where they saw it. */
function gaussianShadows(count: number, rows: number, gain: number): Shadow[] {
  const random = seededRandom(5)
  return Array.from({ length: count }, () => {
    const member = heldOutCoins(rows, 0.5, random)
    const noise = new Float64Array(rows)
    addRoundedGaussian(noise, 1000, random)
    return { member, confidence: noise.map((value, row) => value / 1000 + (row % 7) + (member[row] === 1 ? gain : 0)) }
  })
}

const noLimit = () => 1

const figures = (shadows: readonly Shadow[]) => judgeGuesses(likelihoodRatios(shadows), noLimit, seededRandom(6))

describe('the attack', () => {
  test('does as well as the law of the log odds lets it', () => {
    const { auc, tprAt1, lnRatio } = figures(gaussianShadows(24, 300, 2))
    // Two unit Gaussians two apart: AUC P(Z < √2), found at 1 % P(Z > 2.326 - 2), mean ratio 2²/2. Means of a dozen
    // values blur this by a few percent.
    expect(Math.abs(auc.value - upperTail(-Math.SQRT2))).toBeLessThan(0.02)
    expect(Math.abs(tprAt1.value - upperTail(0.326))).toBeLessThan(0.06)
    expect(Math.abs(lnRatio.value - 2)).toBeLessThan(0.25)
    for (const { value, low, high } of [auc, tprAt1, lnRatio]) {
      expect(low).toBeLessThan(value)
      expect(high).toBeGreaterThan(value)
    }
  })

  test('finds nothing where prompts do not depend on their rows, with few prompts too', () => {
    for (const shadows of [6, 16]) {
      const { auc, tprAt1, lnRatio } = figures(gaussianShadows(shadows, shadows === 6 ? 500 : 200, 0))
      // Three deviations of as many independent guesses, and as much again for those that share a row.
      expect(Math.abs(auc.value - 0.5)).toBeLessThan(shadows === 6 ? 0.05 : 0.03)
      expect(tprAt1.value).toBeLessThan(0.03)
      expect(Math.abs(lnRatio.value)).toBeLessThan(0.1)
    }
  })

  test('judges a prompt by the others alone', () => {
    const shadows = gaussianShadows(8, 40, 1)
    const [first, ...rest] = shadows
    if (first === undefined) throw new Error('no shadows')
    const flipped = { ...first, member: first.member.map((coin) => 1 - coin) }
    expect(ofFirst([flipped, ...rest])).toEqual(ofFirst(shadows))
  })

  test('equal prompts, and rows that too few saw, give no false figures', () => {
    const confidence = Float64Array.from({ length: 30 }, (_, row) => row % 7)
    const shadows = gaussianShadows(8, 30, 0).map(({ member }) => ({ member, confidence }))
    expect(likelihoodRatios(shadows).every(({ lnRatio }) => lnRatio === 0)).toBe(true)
    expect(figures(shadows).auc.value).toBe(0.5)
    expect(likelihoodRatios(gaussianShadows(2, 30, 0))).toEqual([])
  })
})

/** What is said of the first prompt. */
function ofFirst(shadows: readonly Shadow[]): number[] {
  return likelihoodRatios(shadows).flatMap(({ target, lnRatio }) => (target === 0 ? [lnRatio] : []))
}

function guess(lnRatio: number, isMember: boolean, row = 0): Guess {
  return { target: 0, row, isMember, lnRatio }
}

describe('the curve', () => {
  test('of a perfect and of a hopeless attack', () => {
    const perfect = [guess(2, true, 0), guess(1, true, 1), guess(-1, false, 2), guess(-2, false, 3)]
    const right = judgeGuesses(perfect, noLimit, seededRandom(1))
    expect(right).toMatchObject({ auc: { value: 1 }, tprAt1: { value: 1 }, lnRatio: { value: 1.5 } })
    expect(right.roc[0]).toEqual({ fpr: 0, tpr: 1, ceiling: 1 })
    const wrong = judgeGuesses(
      perfect.map(({ lnRatio, isMember, row }) => guess(lnRatio, !isMember, row)),
      noLimit,
      seededRandom(1),
    )
    expect(wrong).toMatchObject({ auc: { value: 0 }, tprAt1: { value: 0 } })
    expect(wrong.roc.at(-1)).toEqual({ fpr: 1, tpr: 1, ceiling: 1 })
  })

  test('stands beside the ceiling', () => {
    const { roc, ceilingAt1 } = judgeGuesses([guess(1, true), guess(0, false, 1)], (fpr) => fpr / 2, seededRandom(1))
    expect(roc.map(({ fpr, ceiling }) => ceiling / fpr).slice(1)).toEqual(roc.slice(1).map(() => 0.5))
    expect(ceilingAt1).toBe(0.005)
  })

  test('counts a tie as half', () => {
    const tied = [guess(0, true, 0), guess(0, false, 1)]
    expect(judgeGuesses(tied, noLimit, seededRandom(1)).auc.value).toBe(0.5)
  })

  test('needs members and others', () => {
    errorOf('usage', () => judgeGuesses([guess(1, true)], noLimit, seededRandom(1)))
    errorOf('usage', () => judgeGuesses([], noLimit, seededRandom(1)))
  })
})
