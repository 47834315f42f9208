import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readTextFile, writeLabelled } from '../../../workers/task/labelled.ts'
import type { Prediction } from '../../../workers/protocol/tuner.ts'

function file(name: string, text: string) {
  return { name, bytes: new TextEncoder().encode(text) }
}

function prediction(label: string, probability: number): Prediction {
  return {
    label,
    probabilities: [
      { label: 'other', probability: 1 - probability },
      { label, probability },
    ],
  }
}

function text(csv: Uint8Array<ArrayBuffer>): string {
  return new TextDecoder().decode(csv)
}

describe('labelling a file', () => {
  it('keeps the columns and the order of rows, and adds label and probability', () => {
    const { table, texts } = readTextFile(file('a.csv', 'id,text\n7,"one, two"\n8,\n9, three \n'), {})
    expect(texts).toEqual(['one, two', '', 'three'])
    const labelled = writeLabelled(table, [prediction('good', 0.75), null, prediction('bad "x"', 0.5)])
    expect(labelled.rows).toBe(2)
    expect(text(labelled.csv)).toBe(
      'id,text,label,probability\r\n7,"one, two",good,0.7500\r\n8,,,\r\n9," three ","bad ""x""",0.5000\r\n',
    )
  })

  it('gives answers that are texts a column of that name, with the probability of all their tokens', () => {
    const { table } = readTextFile(file('a.csv', 'text\nhello\n\nworld\n'), {})
    const tokens = [0.5, 0.5].map((probability, place) => ({ text: String(place), probability }))
    const { csv, rows } = writeLabelled(table, [{ answer: 'a b', tokens, ended: true }, null])
    expect([rows, text(csv)]).toEqual([1, 'text,answer,probability\r\nhello,a b,0.2500\r\nworld,,\r\n'])
  })

  it('labels rows whose own label is empty, and leaves that column alone', () => {
    const { table, texts } = readTextFile(file('a.csv', 'text,label\nhello,\nworld,old\n'), {})
    expect(texts).toEqual(['hello', 'world'])
    const { csv } = writeLabelled(table, [prediction('new', 1), prediction('new', 1)])
    expect(text(csv)).toBe('text,label,softpost label,probability\r\nhello,,new,1.0000\r\nworld,old,new,1.0000\r\n')
  })

  it('takes texts by the line and from JSON lines', () => {
    expect(readTextFile(file('a.txt', 'one\n\ntwo\n'), {}).texts).toEqual(['one', '', 'two'])
    expect(readTextFile(file('a.jsonl', '{"q": "one"}\n{"q": 2}\n'), { text: 'q' }).texts).toEqual(['one', '2'])
  })

  it('names a missing column', () => {
    expect(() => readTextFile(file('a.csv', 'text\nx\n'), { text: 'body' })).toThrow('no column "body"')
  })

  it('writes a file that is read back as it was, whatever its cells hold', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', ';', 'ε') })
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), (rows) => {
        const table = { columns: ['id', 'text'], rows, malformed: 0 }
        const { csv } = writeLabelled(
          table,
          rows.map(() => prediction('good', 0.25)),
        )
        const { table: back } = readTextFile({ name: 'a.csv', bytes: csv }, {})
        expect(back.columns).toEqual(['id', 'text', 'label', 'probability'])
        expect(back.rows).toEqual(rows.map((row) => [...row, 'good', '0.2500']))
      }),
    )
  })
})
