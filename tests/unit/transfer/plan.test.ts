import { describe, expect, test } from 'vitest'
import { createPace } from '../../../workers/transfer/pace.ts'
import { planTransfer } from '../../../workers/transfer/plan.ts'
import { errorOf } from '../model/support.ts'

const ground = { texts: 10_000, vocabulary: 8_192, backend: 'wasm' } as const

describe('planTransfer', () => {
  test('takes what was asked for and fills in the rest', () => {
    const defaults = planTransfer({}, ground)
    expect(defaults).toMatchObject({ alpha: 'auto', seed: 0 })
    expect(planTransfer({ steps: 7, seed: 3, alpha: 0.25 }, ground)).toEqual({
      ...defaults,
      steps: 7,
      seed: 3,
      alpha: 0.25,
    })
    expect(planTransfer({}, { ...ground, backend: 'webgpu' }).steps).toBe(1_000)
    expect(defaults.answers).toBe('student')
    expect(planTransfer({}, { ...ground, hasAnswers: true }).answers).toBe('public')
    expect(planTransfer({ answers: 'student' }, { ...ground, hasAnswers: true }).answers).toBe('student')
  })

  test('uses no more texts than there are, and than their constants fit into memory', () => {
    expect(planTransfer({}, { ...ground, texts: 3 })).toMatchObject({ texts: 3, batchSize: 3 })
    expect(planTransfer({ texts: 10_000 }, { ...ground, vocabulary: 50_257 }).texts).toBe(445)
  })

  test.each([
    [{ steps: 0 }, 'steps is 0'],
    [{ steps: 1.5 }, 'steps is 1.5'],
    [{ alpha: 1.01 }, 'alpha is 1.01'],
    [{ alpha: Number.NaN }, 'alpha is NaN'],
    [{ learningRate: 0 }, 'lr is 0'],
    [{ learningRate: Number.POSITIVE_INFINITY }, 'lr is Infinity'],
    [{ texts: -1 }, 'examples is -1'],
    [{ batchSize: 0 }, 'batch is 0'],
    [{ seed: 0.5 }, 'seed is 0.5'],
  ])('refuses %o', (request, words) => {
    expect(errorOf('usage', () => planTransfer(request, ground)).message).toContain(words)
  })
})

describe('pace', () => {
  test('knows nothing at first, guesses from the constants, then goes by the steps', () => {
    let now = 0
    const pace = createPace({ texts: 100, steps: 50, batchSize: 4 }, () => now)
    expect(pace.secondsLeft()).toBeNull()
    now = 10_000
    pace.constantsDone(50)
    // 0.2 s a text: 50 more of them, and 200 in the steps at twice that.
    expect(pace.secondsLeft()).toBeCloseTo(0.2 * (50 + 2 * 200), 9)
    now = 100_000
    pace.stepsBegin()
    now = 105_000
    pace.stepsDone(10)
    expect(pace.secondsLeft()).toBeCloseTo(20, 9)
    now = 125_000
    pace.stepsDone(50)
    expect(pace.secondsLeft()).toBe(0)
  })
})
