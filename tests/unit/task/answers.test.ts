import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readModelFolder } from '../../../workers/host/modelFolder.ts'
import { modelTokenizer } from '../../../workers/model/modelTokenizer.ts'
import { Task, type ExtractTask } from '../../../workers/protocol/task.ts'
import { answerForm } from '../../../workers/task/answers.ts'
import { createEncoder } from '../../../workers/task/encoder.ts'
import { prepareAnswers, requireAnswers } from '../../../workers/task/rows.ts'
import { demoTokenizer, errorOf, maskedTokenizer } from '../model/support.ts'

const tokenizer = demoTokenizer()
const TASK: ExtractTask = {
  kind: 'extract',
  template: 'Query: {text} The genre is',
  end: '\n',
  maxAnswerTokens: 6,
  initText: 'Name the genre of the film.',
}
const encoderOf = (room: number, promptLength = 4) =>
  createEncoder({ task: TASK, tokenizer, contextLength: room + promptLength, promptLength })

describe('a task document', () => {
  test('without a kind is one of classes, and stays as it is', () => {
    const classes = { template: '{text} It was', labels: { a: ['a'], b: ['b'] }, initText: 'x' }
    expect(JSON.stringify(Task.parse(classes))).toBe(JSON.stringify(classes))
    expect(Task.parse(TASK)).toEqual(TASK)
  })

  test.each([
    [{ ...TASK, kind: 'invent' }, /kind is "extract"/],
    [{ ...TASK, end: '' }, /end is the text behind an answer/],
    [{ ...TASK, maxAnswerTokens: 0 }, /maxAnswerTokens is a whole number from 1 to 256/],
    [{ ...TASK, maxAnswerTokens: undefined }, /maxAnswerTokens is a whole number from 1 to 256/],
    [{ ...TASK, template: 'no place' }, /\{text\} exactly once/],
  ])('is refused where it is neither', (task, message) => {
    expect(Task.safeParse(task).error?.issues[0]?.message).toMatch(message)
  })
})

describe('an answer', () => {
  const form = answerForm(TASK, tokenizer)

  test('is the tokens that stand behind the template, then the end token', () => {
    expect(tokenizer.decode([form.end])).toBe('\n')
    expect(form.tokensOf('  science fiction ')).toEqual(tokenizer.encode(' science fiction'))
    const { ids, read, targets, cut } = encoderOf(64).encode('films with robots', 'science fiction')
    const text = tokenizer.encode('Query: films with robots The genre is')
    const answer = tokenizer.encode(' science fiction')
    expect([...ids]).toEqual([...text, ...answer])
    expect(targets).toEqual([...answer, form.end])
    expect(read).toEqual(targets?.map((_, at) => text.length - 1 + at))
    expect(cut).toBe(false)
  })

  test('that is empty, too long or holds the end mark is of no use, and is not shown', () => {
    expect(form.tokensOf(' ')).toBe('empty')
    expect(form.tokensOf('one\ntwo')).toBe('holds-end')
    expect(form.tokensOf('a b c d e f g')).toBe('too-long')
    expect(form.tokensOf('x'.repeat(1_000_000))).toBe('too-long')
    const rows = ['comedy', ' ', 'a b c d e f g', 'one\ntwo', 'comedy'].map((label) => ({ text: 't', label }))
    const prepared = prepareAnswers(form, [...rows, { text: 't', label: null }])
    expect(prepared).toMatchObject({ withoutClass: 4, duplicates: 1 })
    expect(prepared.rows).toEqual([{ text: 't', label: 'comedy', classIndex: 0 }])
    const none = prepareAnswers(form, rows.slice(1, 4))
    const { message } = errorOf('no-rows', () => requireAnswers(TASK, none))
    expect(message).toContain(
      '1 have an empty answer, 1 have an answer of more than 6 tokens (maxAnswerTokens), 1 have an answer that holds the end mark "\\n"',
    )
    expect(message).not.toContain('two')
  })

  test('is never cut, and the text is cut alike whatever the answer', () => {
    const encoder = encoderOf(24)
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 200 }),
        fc.constantFrom('comedy', 'a western', 'very dark comedy'),
        (text, answer) => {
          const alone = encoder.encode(text)
          const both = encoder.encode(text, answer)
          expect(both.ids.length).toBeLessThanOrEqual(24)
          expect(both.ids.slice(0, alone.ids.length)).toEqual(alone.ids)
          expect(both.targets?.slice(0, -1)).toEqual(form.tokensOf(answer))
          expect(both.cut).toBe(alone.cut)
        },
      ),
    )
    errorOf('text-too-long', () => encoderOf(12))
    errorOf('bad-request', () => encoder.encode('a text', ''))
  })

  test('keeps its tokens where a tokenizer puts a space of its own before a text', async () => {
    const folder = new URL('../../golden/stories260K/', import.meta.url).pathname
    const llama = modelTokenizer((await readModelFolder(folder)).files)
    const { tokensOf } = answerForm({ ...TASK, end: '.' }, llama)
    expect([llama.encode('The genre is'), tokensOf('a cat')].flat()).toEqual(llama.encode('The genre is a cat'))
  })
})

describe('a model that cannot', () => {
  test('fill in a mask is told so', () => {
    const { message } = errorOf('model-unknown', () => answerForm(TASK, maskedTokenizer()))
    expect(message).toContain('needs a causal model')
  })

  test('end an answer with one token is told what would do', () => {
    const { message } = errorOf('task-invalid', () => answerForm({ ...TASK, end: ' the very end' }, tokenizer))
    expect(message).toMatch(/is not one token of this model but \d+; choose one such as "\\n"/)
  })
})
