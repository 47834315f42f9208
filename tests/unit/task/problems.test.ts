import { describe, expect, test } from 'vitest'
import type { Repair } from '../../../workers/protocol/tuner.ts'
import { findProblems } from '../../../workers/task/read/problems.ts'
import { readDataset, repairTable } from '../../../workers/task/read/readDataset.ts'
import { toBytes } from '../model/support.ts'

const LONG = 'word '.repeat(500)
const CSV = [
  'id,text,label',
  '1,Where is my card?,card',
  '2,Where is my card?,card',
  '3,where is MY card,card',
  '4,Send money,transfer',
  '5,send money!,cash',
  '6,,cash',
  `7,${LONG},cash`,
  '8,No label,',
].join('\n')
const file = { name: 'x.csv', bytes: toBytes(CSV) }
const problemsOf = (...texts: readonly (readonly [string, string | null])[]) =>
  findProblems(texts.map(([text, label]) => ({ text, label })))

const idsAfter = (...repairs: Repair[]) => repairTable(file, {}, repairs).rows.map(([id]) => id)

describe('problems of a file', () => {
  test('are counted, and the contradictions among them shown', () => {
    expect(readDataset(file, {}).report.problems).toEqual({
      longRows: 1,
      duplicates: 1,
      nearDuplicates: 1,
      contradictions: {
        texts: 1,
        rows: 2,
        shown: [
          {
            text: 'Send money',
            labels: [
              { label: 'transfer', rows: 1 },
              { label: 'cash', rows: 1 },
            ],
          },
        ],
      },
    })
  })

  test('are not seen in texts of different signs, nor in rows of different persons', () => {
    expect(problemsOf([':-)', 'a'], [':-(', 'b'])).toMatchObject({ nearDuplicates: 0, contradictions: { texts: 0 } })
    const twice = ['ann', 'bob'].map((person) => ({ text: 'same', label: 'a', person }))
    expect(findProblems(twice)).toMatchObject({ duplicates: 0, nearDuplicates: 0 })
  })

  test('leave texts without a label alone', () => {
    expect(problemsOf(['one', null], ['One', null])).toMatchObject({ contradictions: { texts: 0 } })
  })
})

describe('an edited file', () => {
  test('keeps columns and order, and never holds rows that say nothing', () => {
    expect(repairTable(file, {}, []).columns).toEqual(['id', 'text', 'label'])
    expect(idsAfter()).toEqual(['1', '2', '3', '4', '5', '7'])
  })

  test.each<[Repair, string[]]>([
    ['duplicates', ['1', '3', '4', '5', '7']],
    ['near-duplicates', ['1', '2', '4', '5', '7']],
    ['contradictions', ['1', '2', '3', '7']],
    ['long', ['1', '2', '3', '4', '5']],
  ])('without %s', (repair, ids) => {
    expect(idsAfter(repair)).toEqual(ids)
  })

  test('has none of the problems that were mended', () => {
    const { columns, rows } = repairTable(file, {}, ['duplicates', 'near-duplicates', 'contradictions', 'long'])
    const text = [columns, ...rows].map((cells) => cells.join(',')).join('\n')
    const { problems } = readDataset({ name: 'y.csv', bytes: toBytes(text) }, {}).report
    expect(problems).toEqual({
      longRows: 0,
      duplicates: 0,
      nearDuplicates: 0,
      contradictions: { texts: 0, rows: 0, shown: [] },
    })
  })
})

test('very long rows are left out on demand, by a rule on each row alone', () => {
  const { report } = readDataset(file, { withoutLong: true })
  expect(report.rows).toBe(5)
  expect(report.problems.longRows).toBe(0)
  expect(report.dropped).toContainEqual({ reason: 'too-long', rows: 1 })
})
