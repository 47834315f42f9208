import { expect, test } from 'vitest'
import { mapLabels } from '../../../workers/transfer/labelMap.ts'

const task = { labels: { business: ['business', 'market'], tech: ['technology', 'science'], war: ['war'] } }
const rows = (...labels: readonly (string | null)[]) => labels.map((label) => ({ text: 'x', label }))
const words = { Business: [], 'Sci/Tech': ['Science', 'technology'], World: ['market', 'war'], Sports: ['sports'] }

test('a label stands for the one class that shares a word with it, whatever its case', () => {
  expect(mapLabels(task, rows('Business', 'Sci/Tech'), words)).toEqual(rows('business', 'tech'))
})

test('a label of several classes, of none, or without words stays as it is', () => {
  const others = rows('World', 'Sports', 'Weather', null)
  expect(mapLabels(task, others, words)).toEqual(others)
  expect(mapLabels(task, rows('Business'), {})).toEqual(rows('Business'))
})
