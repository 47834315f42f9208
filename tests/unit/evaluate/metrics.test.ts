import { describe, expect, test } from 'vitest'
import { toPredictions } from '../../../workers/evaluate/classify.ts'
import { classProbabilities, measure, predictClasses } from '../../../workers/evaluate/metrics.ts'

describe('measure', () => {
  // Worked by hand. Confusion: cat 2 1 0, dog 0 1 1, owl 0 0 1.
  const labels = [0, 0, 0, 1, 1, 2]
  const predictions = [0, 0, 1, 1, 2, 2]

  test('counts rows by true and predicted class', () => {
    expect(measure(labels, predictions, 3).confusion).toEqual([
      [2, 1, 0],
      [0, 1, 1],
      [0, 0, 1],
    ])
  })

  test('has accuracy, recall and macro-F1', () => {
    const { n, accuracy, recall, macroF1 } = measure(labels, predictions, 3)
    expect(n).toBe(6)
    expect(accuracy).toBeCloseTo(4 / 6, 12)
    expect(recall[0]).toBeCloseTo(2 / 3, 12)
    expect(recall[1]).toBeCloseTo(1 / 2, 12)
    expect(recall[2]).toBe(1)
    // F1: cat P 1, R 2/3 = 0.8; dog P 1/2, R 1/2 = 0.5; owl P 1/2, R 1 = 2/3.
    expect(macroF1).toBeCloseTo((0.8 + 0.5 + 2 / 3) / 3, 12)
  })

  test('a class that nobody named counts for nothing, one that was only predicted counts as 0', () => {
    const { recall, macroF1 } = measure([0, 0], [0, 1], 3)
    expect(recall).toEqual([0.5, null, null])
    // F1: first 2/3, second 0, the third is no part of the mean.
    expect(macroF1).toBeCloseTo((2 / 3 + 0) / 2, 12)
  })

  test('is 1 where all is right and 0 where all is wrong', () => {
    expect(measure([0, 1, 1], [0, 1, 1], 2)).toMatchObject({ accuracy: 1, macroF1: 1, recall: [1, 1] })
    expect(measure([0, 1], [1, 0], 2)).toMatchObject({ accuracy: 0, macroF1: 0, recall: [0, 0] })
    expect(measure([], [], 2)).toMatchObject({ n: 0, accuracy: 0, macroF1: 0 })
  })

  test('refuses classes that do not exist', () => {
    expect(() => measure([2], [0], 2)).toThrow(RangeError)
    expect(() => measure([0], [2], 2)).toThrow(RangeError)
    expect(() => measure([0, 1], [0], 2)).toThrow(RangeError)
  })
})

describe('scores', () => {
  const scores = { values: Float32Array.from([1, 3, 2, -1, -1, -4, 1000, 1000, 999]), classes: 3 }

  test('predict the largest, of equal ones the first', () => {
    expect(predictClasses(scores)).toEqual([1, 0, 0])
  })

  test('become probabilities, however large they are', () => {
    const rows = classProbabilities(scores)
    for (const row of rows) expect(row.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12)
    // 1 / (e^-2 + 1 + e^-1)
    expect(rows[0]?.[1]).toBeCloseTo(0.6652409558, 9)
    // 1 / (2 + e^-1)
    expect(rows[2]?.[0]).toBeCloseTo(0.4223187983, 9)
  })

  test('become a label and the probability of each class, by the names of the task', () => {
    const task = { template: '{text}', labels: { good: ['good'], bad: ['bad'] }, initText: 'x' }
    const [first, second] = toPredictions(task, { values: Float32Array.from([0, 0, -1, 1]), classes: 2 })
    expect(first).toEqual({
      label: 'good',
      probabilities: [
        { label: 'good', probability: 0.5 },
        { label: 'bad', probability: 0.5 },
      ],
    })
    expect(second?.label).toBe('bad')
    expect(second?.probabilities[1]?.probability).toBeCloseTo(1 / (1 + Math.exp(-2)), 12)
  })
})
