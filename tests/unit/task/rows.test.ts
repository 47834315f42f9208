import { describe, expect, test } from 'vitest'
import { prepareRows, requireClasses } from '../../../workers/task/rows.ts'
import { errorOf } from '../model/support.ts'

const task = { template: '{text} It was', labels: { good: ['good'], bad: ['bad'] }, initText: 'Is it?' }
const row = (text: string, label: string | null) => ({ text, label })

describe('prepareRows', () => {
  const examples = [
    row('a', 'bad'),
    row('b', 'good'),
    row('a', 'bad'),
    row('a', 'good'),
    row('c', 'odd'),
    row('d', null),
  ]

  test('keeps rows of the classes, each once, and counts the others', () => {
    expect(prepareRows(task, examples)).toEqual({
      rows: [
        { text: 'a', label: 'bad', classIndex: 1 },
        { text: 'b', label: 'good', classIndex: 0 },
        { text: 'a', label: 'good', classIndex: 0 },
      ],
      withoutClass: 2,
      otherLabels: [{ label: 'odd', rows: 1 }],
      duplicates: 1,
      faults: [],
    })
  })

  test('keeps every row for measuring', () => {
    expect(prepareRows(task, examples, { keepDuplicates: true })).toMatchObject({ duplicates: 0, rows: { length: 4 } })
  })

  test('does not take a name of every object for a class', () => {
    expect(prepareRows(task, [row('a', 'constructor'), row('b', '__proto__')]).rows).toEqual([])
  })
})

describe('requireClasses', () => {
  test('takes rows of two classes', () => {
    expect(() => requireClasses(task, prepareRows(task, [row('a', 'good'), row('b', 'bad')]))).not.toThrow()
  })

  test('refuses rows of one class, and rows of none, without showing what labels they have', () => {
    expect(errorOf('one-class', () => requireClasses(task, prepareRows(task, [row('a', 'good')]))).message).toContain(
      '"good"',
    )
    const { message } = errorOf('no-rows', () => requireClasses(task, prepareRows(task, [row('a', 'a secret')])))
    expect(message).toContain('good, bad')
    expect(message).not.toContain('secret')
  })
})
