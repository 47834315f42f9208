import { describe, expect, it } from 'vitest'
import {
  draftOfAnswers,
  draftOfLabels,
  draftOfTask,
  replaceWord,
  splitList,
  taskOfDraft,
  withoutWord,
  withWords,
} from '../../../src/features/data/draft.ts'
import { sharedWord, splitWords } from '../../../src/features/data/store.ts'
import type { TaskReport } from '../../../workers/protocol/tuner.ts'
import type { Task } from '../../../workers/protocol/task.ts'

const TASK: Task = {
  template: '{text} It was',
  labels: { positive: ['great', 'good'], negative: ['terrible'] },
  initText: 'Is this review positive or negative?',
}

describe('taskOfDraft', () => {
  it('gives back the task that a draft was made of', () => {
    expect(taskOfDraft(draftOfTask(TASK))).toEqual(TASK)
  })

  it('names the class without a word, and other things that are missing', () => {
    const draft = draftOfTask(TASK)
    expect(() => taskOfDraft(withWords(draft, 'negative', ' , '))).toThrow('"negative"')
    expect(() => taskOfDraft({ ...draft, initText: ' ' })).toThrow('starts from')
    expect(() => taskOfDraft({ ...draft, template: 'no place' })).toThrow('{text}')
    expect(() => taskOfDraft({ ...draft, classes: draft.classes.slice(0, 1) })).toThrow('two classes')
  })
})

describe('draftOfLabels', () => {
  it('proposes the telling words of each name', () => {
    const { classes, initText, template } = draftOfLabels(['cardArrival', 'lost_or_stolen card', '0', 'to'])
    expect(classes.map(({ words }) => words)).toEqual(['card, arrival', 'lost, stolen, card', '0', 'to'])
    expect(initText).toContain('card arrival')
    expect(template).toContain('{text}')
  })
})

describe('withoutWord', () => {
  it('takes a word out, but never the last one', () => {
    const draft = draftOfTask(TASK)
    expect(withoutWord(draft, 'positive', 'great').classes[0]?.words).toBe('good')
    expect(withoutWord(draft, 'negative', 'terrible')).toBe(draft)
  })
})

describe('replaceWord', () => {
  it('puts the new word in its place, once', () => {
    const draft = draftOfTask(TASK)
    expect(replaceWord(draft, 'positive', 'great', 'fine').classes[0]?.words).toBe('fine, good')
    expect(replaceWord(draft, 'positive', 'great', 'good').classes[0]?.words).toBe('good')
  })
})

describe('a draft of answers that are texts', () => {
  it('is a task and back, with a line break typed as two signs', () => {
    const draft = { ...draftOfAnswers(), answer: { end: '\\n', maxTokens: '12' } }
    const task = taskOfDraft(draft)
    expect(task).toMatchObject({ kind: 'extract', end: '\n', maxAnswerTokens: 12 })
    expect(draftOfTask(task)).toEqual(draft)
  })

  it('says what is wrong with its numbers', () => {
    const draft = { ...draftOfAnswers(), answer: { end: '.', maxTokens: 'many' } }
    expect(() => taskOfDraft(draft)).toThrow('maxAnswerTokens is a whole number from 1 to 256')
  })
})

describe('splitList', () => {
  it('trims, drops blanks and keeps each word once', () => {
    expect(splitList(' a,b ,, a , c d')).toEqual(['a', 'b', 'c d'])
  })
})

const word = (label: string, word: string, token: number | null) => ({
  label,
  word,
  token,
  pieces: [word],
  suggestion: null,
})

const reportOf = (words: TaskReport['words']): TaskReport => ({
  task: TASK,
  words,
  rowsUsed: 1,
  rowsWithoutClass: 0,
  rowsCut: 0,
})

describe('a task report', () => {
  it('names words that split and words that two classes share', () => {
    const report = reportOf([
      word('a', 'great', 1),
      word('a', 'Great', 1),
      word('b', 'great', 1),
      word('b', 'xyz', null),
    ])
    expect(splitWords(report).map(({ word }) => word)).toEqual(['xyz'])
    expect(sharedWord(report)).toEqual({ word: 'great', labels: ['a', 'b'] })
    expect(sharedWord(reportOf([word('a', 'great', 1), word('b', 'bad', 2), word('b', 'x', null)]))).toBeNull()
  })
})
