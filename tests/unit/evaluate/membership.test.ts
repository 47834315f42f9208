import { describe, expect, test } from 'vitest'
import { attackPlan, attackRows } from '../../../workers/evaluate/attackPlan.ts'
import { attackMembership, logOdds } from '../../../workers/evaluate/membership.ts'
import { SoftpostError } from '../../../workers/protocol/errors.ts'
import type { TuningRequest } from '../../../workers/protocol/tuning.ts'
import type { TuningRows } from '../../../workers/tune/types.ts'
import { rejectionOf } from '../model/support.ts'
import { LinearEngine, TASK } from '../tune/support.ts'

const ROWS = 24
const quiet = { onProgress: () => undefined }

/**
 * Rows that the linear model can learn by heart: 24 directions of a plane, with labels that no line tells apart. Each
 * pulls the prompt its own way.
 */
function memorableRows(): TuningRows {
  const encoded = Array.from({ length: ROWS }, (_, row) => {
    const angle = (Math.PI * row) / ROWS
    const ids = Int32Array.from([Math.round(9 * Math.cos(angle)), Math.round(9 * Math.sin(angle)), (row % 3) - 1])
    return { ids, read: [2], cut: false }
  })
  return {
    encoded,
    labels: Int32Array.from(encoded, (_, row) => ((row * 7) % 5 < 2 ? 1 : 0)),
    heldOut: new Uint8Array(ROWS),
  }
}

const REQUEST: TuningRequest = { budget: null, promptLength: 2, steps: 60, batchSize: 8, learningRate: 0.3 }

function jobOf(request: TuningRequest, shadows: number) {
  const rows = memorableRows()
  const plan = attackPlan(request, { task: TASK, rows: ROWS })
  return {
    engine: new LinearEngine(),
    plan,
    labelTokens: [[0], [1]],
    rows,
    prompt: new Float32Array(6),
    shadows,
  }
}

describe('an attack on prompts of these rows', () => {
  test('finds rows that were learned by heart, and hardly any behind the noise', async () => {
    const shares: number[] = []
    const plain = await attackMembership(jobOf(REQUEST, 40), { onProgress: (share) => void shares.push(share) })
    expect(plain).toMatchObject({ shadows: 40, rows: ROWS, steps: 60, batchSize: 8, epsilon: null, delta: null })
    expect(plain.auc.value).toBeGreaterThan(0.55)
    expect(plain.roc.every(({ ceiling }) => ceiling === 1)).toBe(true)
    expect(shares).toEqual([...shares].sort((a, b) => a - b))

    const budget = { epsilon: 0.2, delta: 1e-5 }
    const noised = await attackMembership(jobOf({ ...REQUEST, budget }, 40), quiet)
    expect(noised.epsilon).toBeLessThanOrEqual(0.2)
    expect(noised.auc.value).toBeLessThan(plain.auc.high)
    // TPR - FPR <= e^ε - 1 bounds the area too: at ε = 0.2 it is below 0.55, and chance adds a little.
    expect(noised.auc.low).toBeLessThan(0.55)
    expect(noised.roc.some(({ ceiling }) => ceiling < 1)).toBe(true)
  })

  test('ends when it is told to, and says what is too little', async () => {
    const stop = { onProgress: () => Promise.reject(new SoftpostError('cancelled', 'stopped')) }
    await rejectionOf('cancelled', attackMembership(jobOf(REQUEST, 8), stop))
    await rejectionOf('usage', attackMembership(jobOf(REQUEST, 5), quiet))
    const few = jobOf(REQUEST, 8)
    const rows = { encoded: few.rows.encoded.slice(0, 10), labels: few.rows.labels.slice(0, 10) }
    await rejectionOf('usage', attackMembership({ ...few, rows }, quiet))
  })
})

test('the plan is for half the rows, and for rows whatever the unit', () => {
  const request = { ...REQUEST, budget: { epsilon: 8, delta: 1e-5 }, maxRowsPerPerson: 3 }
  const plan = attackPlan(request, { task: TASK, rows: 101 })
  expect(plan).toMatchObject({ trainRows: 50, sampleRate: 8 / 50 })
  expect(plan).not.toHaveProperty('maxRowsPerPerson')
})

test('rows are drawn by chance, each with its own label', () => {
  const rows = memorableRows()
  const chosen = attackRows(rows, 10)
  expect(chosen.encoded).toHaveLength(10)
  const places = chosen.encoded.map((example) => rows.encoded.indexOf(example))
  expect(new Set(places).size).toBe(10)
  expect([...chosen.labels]).toEqual(places.map((place) => rows.labels[place]))
  expect(attackRows(rows, 1_000).encoded).toHaveLength(ROWS)
})

function odds(...scores: number[]): number {
  return logOdds({ values: Float32Array.from(scores), classes: scores.length }, 0, 1)
}

test('log odds, near 0 and 1 as well', () => {
  expect(odds(0, 0)).toBe(0)
  expect(odds(0, Math.log(3), 0)).toBeCloseTo(Math.log(1.5), 6)
  expect(odds(-200, 200)).toBe(400)
  expect(odds(200, -200)).toBe(-400)
})
