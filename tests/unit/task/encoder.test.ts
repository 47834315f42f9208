import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createEncoder } from '../../../workers/task/encoder.ts'
import type { Task } from '../../../workers/protocol/task.ts'
import { demoTokenizer, errorOf, maskedTokenizer } from '../model/support.ts'

const causal = demoTokenizer()
const masked = maskedTokenizer()

function encoderOf(
  template: string,
  options: { tokenizer?: typeof causal; room?: number; promptLength?: number } = {},
) {
  const task: Task = { template, labels: { good: ['good'], bad: ['bad'] }, initText: 'Is it good?' }
  const { tokenizer = causal, room = 64, promptLength = 0 } = options
  return createEncoder({ task, tokenizer, contextLength: room + promptLength, promptLength })
}
const textOf = (ids: Iterable<number>, tokenizer = causal) => tokenizer.decode([...ids])

describe('a causal model', () => {
  test('reads at the last token of the filled template', () => {
    const { ids, read, cut } = encoderOf('Review: {text} It was').encode('  a great film\n')
    expect(textOf(ids)).toBe('Review: a great film It was')
    expect([...ids]).toEqual(causal.encode('Review: a great film It was'))
    expect(read).toEqual([ids.length - 1])
    expect(cut).toBe(false)
  })

  test('drops the mask, all that follows, and the space before it', () => {
    expect(textOf(encoderOf('{text} It was {mask}, really.').encode('fine').ids)).toBe('fine It was')
    errorOf('task-invalid', () => encoderOf('It was {mask}: {text}'))
  })

  test('keeps both ends of the template and the end of a long text', () => {
    const { ids, read, cut } = encoderOf('Review: {text} It was', { room: 20 }).encode(`${'dull '.repeat(50)}but great`)
    const text = textOf(ids)
    expect(text).toMatch(/^Review: dull/)
    expect(text).toMatch(/but great It was$/)
    expect(ids).toHaveLength(20)
    expect(read).toEqual([19])
    expect(cut).toBe(true)
  })

  test('leaves the prompt its place', () => {
    expect(encoderOf('{text} It was', { room: 12, promptLength: 50 }).encode('so '.repeat(99)).ids).toHaveLength(12)
  })

  test('takes a row of 10,000 words, and one word of a million letters', () => {
    const encoder = encoderOf('{text} It was')
    for (const text of ['word '.repeat(10_000), 'x'.repeat(1_000_000)]) {
      const { ids, cut } = encoder.encode(text)
      expect(ids).toHaveLength(64)
      expect(cut).toBe(true)
    }
  })

  test('whatever the text: it fits, keeps the tail, and depends on the text alone', () => {
    const encoder = encoderOf('Q: {text} It was', { room: 24 })
    const again = encoderOf('Q: {text} It was', { room: 24 })
    const tail = causal.encode(' It was')
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
        const { ids, read, cut } = encoder.encode(text)
        expect(ids.length).toBeLessThanOrEqual(24)
        expect(ids.slice(-tail.length)).toEqual(Int32Array.from(tail))
        expect(read).toEqual([ids.length - 1])
        expect(cut).toBe(causal.encode(`Q: ${text.trim()} It was`).length > 24)
        expect(again.encode(text)).toEqual(encoder.encode(text))
      }),
    )
  })

  test('refuses a template that leaves no room, and a text of nothing', () => {
    const { message } = errorOf('text-too-long', () => encoderOf('{text} It was', { room: 2, promptLength: 20 }))
    expect(message).toContain('the prompt 20 of the model')
    errorOf('bad-request', () => encoderOf('{text}').encode(' '))
  })
})

describe('a masked model', () => {
  test('reads at the mask, inside its frame', () => {
    const { ids, read } = encoderOf('{text} It was {mask}.', { tokenizer: masked }).encode('A film')
    expect([...ids]).toEqual([2, 11, 10, 5, 6, 4, 7, 3])
    expect(read).toEqual([5])
  })

  test('gets a mask at the end of a template without one', () => {
    const { ids, read } = encoderOf('{text} It was', { tokenizer: masked }).encode('a film')
    expect([...ids]).toEqual([2, 11, 10, 5, 6, 4, 3])
    expect(read).toEqual([5])
  })

  test('reads at its own mask when the text spells another', () => {
    const text = 'a [MASK] film'
    expect(encoderOf('{text} It was {mask}.', { tokenizer: masked }).encode(text).read).toEqual([6])
    expect(encoderOf('It was {mask}. {text}', { tokenizer: masked }).encode(text).read).toEqual([3])
  })

  test('keeps mask and frame when the text is cut', () => {
    const { ids, read, cut } = encoderOf('{text} It was {mask}.', { tokenizer: masked, room: 9 }).encode(
      'film '.repeat(40),
    )
    expect([...ids]).toEqual([2, 10, 10, 10, 5, 6, 4, 7, 3])
    expect(read).toEqual([6])
    expect(cut).toBe(true)
  })
})

describe('initIds', () => {
  const ids = causal.encode('Is it good?')

  test('repeats or cuts the tokens of the initial text', () => {
    const encoder = encoderOf('{text} It was')
    expect(encoder.initIds(2)).toEqual(ids.slice(0, 2))
    expect(encoder.initIds(ids.length * 2 + 1)).toEqual([...ids, ...ids, ids[0]])
  })
})
