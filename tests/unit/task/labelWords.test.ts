import { describe, expect, test } from 'vitest'
import { requireLabelWords, resolveLabelWords } from '../../../workers/task/labelWords.ts'
import type { ClassifyTask } from '../../../workers/protocol/task.ts'
import { demoTokenizer, errorOf, maskedTokenizer } from '../model/support.ts'

const tokenizer = demoTokenizer()
const taskOf = (labels: ClassifyTask['labels']): ClassifyTask => ({
  template: '{text} It was',
  labels,
  initText: 'Is it good?',
})

describe('label words', () => {
  test('are looked up with a leading space first', () => {
    const tokens = requireLabelWords(taskOf({ good: ['great', 'good'], bad: ['bad'] }), tokenizer)
    expect(tokens).toEqual([[...tokenizer.encode(' great'), ...tokenizer.encode(' good')], tokenizer.encode(' bad')])
  })

  test('are taken as written where that alone is one token', () => {
    const [word] = tokenizer.pieces('&')
    expect(tokenizer.encode(' &&&')).not.toHaveLength(1)
    expect(requireLabelWords(taskOf({ a: [' great'], b: [word ?? ''] }), tokenizer)[0]).toEqual(
      tokenizer.encode(' great'),
    )
  })

  test('that split are reported with their pieces, and refused by name', () => {
    const task = taskOf({ good: ['great'], bad: ['unbelievability', 'bad'] })
    const { tokens, report } = resolveLabelWords(task, tokenizer)
    expect(tokens).toEqual([tokenizer.encode(' great'), tokenizer.encode(' bad')])
    expect(report[1]).toMatchObject({ label: 'bad', word: 'unbelievability', token: null, suggestion: null })
    expect(report[1]?.pieces.join('')).toBe(' unbelievability')
    const error = errorOf('label-word', () => requireLabelWords(task, tokenizer))
    expect(error.message).toContain('"unbelievability" of class "bad"')
    for (const piece of tokenizer.pieces(' unbelievability')) expect(error.message).toContain(JSON.stringify(piece))
  })

  test('come with a suggestion where there is one', () => {
    expect(tokenizer.encode(' transfers').length).toBeGreaterThan(1)
    const task = taskOf({ a: ['transfers'], b: ['bad'] })
    expect(resolveLabelWords(task, tokenizer).report.map(({ suggestion }) => suggestion)).toEqual(['transfer', null])
    expect(errorOf('label-word', () => requireLabelWords(task, tokenizer)).data.suggestion).toBe('transfer')
  })

  test('may not stand for two classes', () => {
    const { message } = errorOf('label-word', () => requireLabelWords(taskOf({ a: ['good'], b: ['good'] }), tokenizer))
    expect(message).toMatch(/both "a" and "b"/)
  })

  test('that the vocabulary cannot spell are no token', () => {
    const { report } = resolveLabelWords(taskOf({ a: ['zebra'], b: ['bad'] }), maskedTokenizer())
    expect(report.map(({ token }) => token)).toEqual([null, 9])
  })
})
