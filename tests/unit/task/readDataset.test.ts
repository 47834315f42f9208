import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ErrorCode } from '../../../workers/protocol/errors.ts'
import { SoftpostError } from '../../../workers/protocol/errors.ts'
import type { ColumnChoice } from '../../../workers/protocol/tuner.ts'
import { MAX_FILE_BYTES, readDataset, requireFileSize } from '../../../workers/task/read/readDataset.ts'
import { errorOf, toBytes } from '../model/support.ts'

function read(name: string, content: string | Uint8Array<ArrayBuffer>, choice: ColumnChoice = {}) {
  return readDataset({ name, bytes: typeof content === 'string' ? toBytes(content) : content }, choice)
}
const rowsOf = (...args: Parameters<typeof read>) => read(...args).examples.map(({ text, label }) => [text, label])

function utf16(text: string, bigEndian: boolean, mark = true): Uint8Array<ArrayBuffer> {
  const marked = mark ? `\ufeff${text}` : text
  const view = new DataView(new ArrayBuffer(marked.length * 2))
  for (let at = 0; at < marked.length; at++) view.setUint16(at * 2, marked.charCodeAt(at), !bigEndian)
  return new Uint8Array(view.buffer)
}

const quote = (text: string) => `"${text.replaceAll('"', '""')}"`

describe('delimited files', () => {
  test('with quotes, line breaks inside, a byte order mark and CRLF', () => {
    const csv = '\ufefftext,label\r\n"Say ""hi"",\r\nplease",a\r\n  5" screen  ,b\r\n\r\nlast,a'
    expect(rowsOf('x.csv', csv)).toEqual([
      ['Say "hi",\r\nplease', 'a'],
      ['5" screen', 'b'],
      ['last', 'a'],
    ])
  })

  test.each([',', ';', '\t', '|'])('with %j between the columns', (delimiter) => {
    const csv = [`id${delimiter}text${delimiter}label`, `1${delimiter}"one${delimiter}two"${delimiter}a`].join('\n')
    expect(rowsOf('x.csv', csv)).toEqual([[`one${delimiter}two`, 'a']])
  })

  test('give back what any writer of RFC 4180 put in', () => {
    const cell = fc.string({
      unit: fc.constantFrom('a', 'é', '"', ',', '\n', '\r', '\t', ';', ' ', '👍'),
      maxLength: 8,
    })
    const sound = cell.filter((text) => text.trim() !== '')
    fc.assert(
      fc.property(
        fc.array(fc.tuple(sound, sound), { minLength: 1 }),
        fc.constantFrom('\n', '\r\n', '\r'),
        (rows, end) => {
          const csv = [['text', 'label'], ...rows].map((row) => row.map(quote).join(',')).join(end)
          expect(rowsOf('x.csv', csv)).toEqual(rows.map((row) => row.map((text) => text.trim())))
        },
      ),
    )
  })

  test('lose a wrong row and no other', () => {
    const { examples, report } = read('x.csv', 'text,label\none,a\ntwo\nthree,a,b\n"four"x,a\n,a\nfive,\nsix,b\n')
    expect(examples.map(({ text }) => text)).toEqual(['one', 'six'])
    expect(report.dropped).toEqual([
      { reason: 'empty-text', rows: 1 },
      { reason: 'missing-label', rows: 1 },
      { reason: 'malformed', rows: 3 },
    ])
  })

  test('with a quote that never closes are refused with its line', () => {
    const { message, data } = errorOf('file-format', () => read('x.csv', 'text,label\none,a\n"two,b\nthree,a\n'))
    expect(data.line).toBe(3)
    expect(message).not.toContain('two')
  })

  test('have columns of different names', () => {
    expect(read('x.tsv', 'a\ta\t\nx\ty\tz', { text: 'a', label: 'a (2)' }).report).toMatchObject({
      columns: ['a', 'a (2)', 'column 3'],
      textColumn: 'a',
      labelColumn: 'a (2)',
    })
  })
})

describe('other formats', () => {
  test('one JSON object a line', () => {
    const lines = [
      '{"label":1,"text":"one"}',
      '',
      '{"text":"two","label":true}',
      '{bad',
      '[1]',
      '{"text":{"a":1},"label":"x"}',
    ]
    const { examples, report } = read('x.jsonl', lines.join('\r\n'))
    expect(examples).toEqual([
      { text: 'one', label: '1' },
      { text: 'two', label: 'true' },
    ])
    expect(report.dropped).toEqual([
      { reason: 'empty-text', rows: 1 },
      { reason: 'malformed', rows: 2 },
    ])
  })

  test('JSON with names that every object has', () => {
    const line = '{"__proto__":"p","constructor":"c","text":"one"}'
    expect(read('x.jsonl', line, { text: '__proto__', label: 'constructor' }).examples).toEqual([
      { text: 'p', label: 'c' },
    ])
  })

  test('one text a line', () => {
    const { examples, report } = read('x.txt', 'one, "two"\n\n three\r\n')
    expect(examples).toEqual([
      { text: 'one, "two"', label: null },
      { text: 'three', label: null },
    ])
    expect(report).toMatchObject({ format: 'text', labelColumn: null, dropped: [{ reason: 'empty-text', rows: 1 }] })
  })

  test.each([
    ['{"text":"a"}', 'jsonl'],
    ['text\tlabel\na\tb', 'tsv'],
    ['text,label\na,b', 'csv'],
    ['just a text', 'text'],
  ])('are told by their first line where the name says nothing: %j', (content, format) => {
    expect(read('data', content).report.format).toBe(format)
  })
})

describe('columns', () => {
  test('are taken by usual names, then by place', () => {
    expect(read('x.csv', 'Category,id,Review\na,1,fine').report).toMatchObject({
      textColumn: 'Review',
      labelColumn: 'Category',
    })
    expect(read('x.csv', 'foo,bar\nfine,a').report).toMatchObject({ textColumn: 'foo', labelColumn: 'bar' })
    expect(read('x.csv', 'foo,bar,baz\nfine,a,b').report).toMatchObject({ textColumn: 'foo', labelColumn: null })
    expect(read('x.csv', 'label\nfine').report).toMatchObject({ textColumn: 'label', labelColumn: null })
  })

  test('that are asked for and missing are named beside those found', () => {
    const error = errorOf('column-missing', () => read('x.csv', 'foo,bar\nfine,a', { text: 'text' }))
    expect(error.message).toBe('the file has no column "text"; it has foo, bar')
    expect(error.data.columns).toEqual(['foo', 'bar'])
    errorOf('column-missing', () => read('x.txt', 'one\ntwo', { label: 'label' }))
    errorOf('column-missing', () => read('x.csv', 'foo,bar\nfine,a', { text: 'foo', label: 'foo' }))
  })

  test('are not shown when the first row is no heading', () => {
    const csv = 'My account number is 1234 and I want my money back now,complaint\nfine,a'
    const error = errorOf('column-missing', () => read('x.csv', csv, { text: 'text' }))
    expect(JSON.stringify([error.message, error.data])).not.toContain('1234')
  })

  test('more than a table has are refused, or left out', () => {
    errorOf('file-format', () => read('x.csv', `${'a,'.repeat(1_000)}a\n`))
    const wide = JSON.stringify(Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`c${index}`, 'x'])))
    expect(read('x.jsonl', wide).report.columns).toHaveLength(256)
  })
})

describe('encodings', () => {
  const csv = 'text,label\nnaïve ☃,a\n'

  test.each([
    ['UTF-8', toBytes(csv)],
    ['UTF-16, little end first', utf16(csv, false)],
    ['UTF-16, big end first', utf16(csv, true)],
  ])('%s', (_, bytes) => {
    expect(rowsOf('x.csv', bytes)).toEqual([['naïve ☃', 'a']])
  })

  test.each<[string, Uint8Array<ArrayBuffer>, ErrorCode]>([
    ['Latin-1', Uint8Array.from('text,label\nna\u00efve,a', (letter) => letter.charCodeAt(0)), 'file-encoding'],
    ['UTF-16 without a mark', utf16('text,label\none,a', false, false), 'file-encoding'],
    ['UTF-16 cut in a letter', utf16(csv, false).slice(0, -1), 'file-encoding'],
    ['zip', toBytes('PK\u0003\u0004text,label\none,a'), 'file-binary'],
    ['PDF', toBytes('%PDF-1.7 text'), 'file-binary'],
    ['zero bytes', toBytes('text,label\none\0,a'), 'file-binary'],
    ['control characters', toBytes('\u0001\u0002\u0003\u0004text'), 'file-binary'],
    ['nothing', toBytes(''), 'file-empty'],
    ['white space', toBytes('\ufeff \r\n\t'), 'file-empty'],
    ['column names alone', toBytes('text,label\n'), 'no-rows'],
    ['labels without texts', toBytes('text,label\n,a\n'), 'no-rows'],
    ['no row of its format', toBytes('text,label\none\n'), 'file-format'],
  ])('what is no file of examples: %s', (_, bytes, code) => {
    errorOf(code, () => read('x.csv', bytes))
  })
})

describe('persons', () => {
  const file = 'text,label,Customer ID\nfine,a,7\npoor,b,\ngood,a,8\nbad,b,7'

  test('are read from a column that was named, and rows without one are left out', () => {
    const { report, examples } = read('x.csv', file, { person: 'customer id' })
    expect(report).toMatchObject({ personColumn: 'Customer ID', persons: 2, rows: 3 })
    expect(report.dropped).toEqual([{ reason: 'missing-person', rows: 1 }])
    expect(examples.map(({ person }) => person)).toEqual(['7', '8', '7'])
  })

  test('are not read unasked; a column that looks like them is named', () => {
    const { report, examples } = read('x.csv', file)
    expect(report).toMatchObject({ personColumn: null, likelyPersonColumn: 'Customer ID', persons: null, rows: 4 })
    expect(examples.every((example) => !('person' in example))).toBe(true)
  })

  test.each([
    ['user', true],
    ['user_id', true],
    ['userId', true],
    ['patient-no', true],
    ['Speaker', true],
    ['date', false],
    ['userland', false],
    ['id', false],
  ])('stand in a column called %s: %s', (name, likely) => {
    const { report } = read('x.csv', `text,label,${name}\nfine,a,1`)
    expect(report.likelyPersonColumn).toBe(likely ? name : null)
  })

  test('are neither texts nor labels', () => {
    errorOf('column-missing', () => read('x.csv', file, { person: 'label' }))
    errorOf('column-missing', () => read('x.csv', file, { person: 'nobody' }))
  })
})

describe('large and hostile files', () => {
  test('of 200 MB are refused by their size, before anything is read', () => {
    expect(() => requireFileSize(MAX_FILE_BYTES)).not.toThrow()
    expect(errorOf('file-too-large', () => requireFileSize(200_000_000)).message).toContain('191 MiB')
    errorOf('file-too-large', () => read('x.csv', new Uint8Array(MAX_FILE_BYTES + 1)))
  })

  test.each<[string, string]>([
    ['quotes alone', '"'.repeat(2_000_001)],
    ['one line of quoted fields', `text,label\n${'"a",'.repeat(500_000)}`],
    ['fields with a wrong quote', `text,label\n${'"a"b,\n'.repeat(300_000)}`],
    ['line breaks alone', `text,label${'\r'.repeat(2_000_000)}`],
    ['delimiters alone', ','.repeat(2_000_000)],
    ['brackets', `[,\n${'['.repeat(1_000_000)}\n{"text":1`],
  ])('end with an answer: %s', (_, content) => {
    for (const name of ['x.csv', 'x.jsonl']) expect(() => read(name, content)).toThrow(SoftpostError)
  })

  test('of any bytes read or say what is wrong', () => {
    const names = fc.constantFrom('x.csv', 'x.tsv', 'x.jsonl', 'x.txt', 'x')
    const content = fc.oneof(
      fc.uint8Array(),
      fc.string({ unit: fc.constantFrom(...Array.from('ab,;\t"\n\r{}[]: ')) }).map(toBytes),
    )
    fc.assert(
      fc.property(names, content, (name, bytes) => {
        try {
          expect(read(name, new Uint8Array(bytes)).examples.length).toBeGreaterThan(0)
        } catch (error) {
          expect(error).toBeInstanceOf(SoftpostError)
        }
      }),
      { numRuns: 2_000 },
    )
  })

  test('never put their rows into an error', () => {
    const secret = 'secretword'
    const broken = fc.constantFrom(
      'text,label\nX\n',
      'text,label\n"X,a',
      'a,b\nX,y\n',
      'text,label\n,X\n',
      '{"text":X}\n',
      'X\n',
    )
    fc.assert(
      fc.property(broken, fc.constantFrom('x.csv', 'x.jsonl', 'x.txt'), (content, name) => {
        try {
          read(name, content.replace('X', secret), { text: 'no such column' })
          expect.unreachable()
        } catch (error) {
          expect(error).toBeInstanceOf(SoftpostError)
          if (content.startsWith('X') && name === 'x.csv') return
          expect(JSON.stringify([String(error), error instanceof SoftpostError ? error.data : null])).not.toContain(
            secret,
          )
        }
      }),
    )
  })
})

describe('the report', () => {
  test('counts what is there and shows the first rows, shortened', () => {
    const long = 'word '.repeat(10_000)
    const { report } = read('x.csv', `text,label\none,a\ntwo,b\nthree,b\n${long},b\n`)
    expect(report).toMatchObject({ name: 'x.csv', format: 'csv', rows: 4, problems: { longRows: 1 }, dropped: [] })
    expect(report.labels).toEqual([
      { label: 'b', rows: 3 },
      { label: 'a', rows: 1 },
    ])
    expect(report.preview[3]?.text).toHaveLength(300)
  })

  test('keeps equal rows: each counts where accuracy is measured', () => {
    expect(read('x.csv', 'text,label\none,a\none,a\n').report.rows).toBe(2)
  })
})

describe('the samples', () => {
  const folder = new URL('../../../public/samples/', import.meta.url)
  const sample = (name: string) => readDataset({ name, bytes: new Uint8Array(readFileSync(new URL(name, folder))) }, {})

  test('read whole', () => {
    expect(sample('banking.csv').report).toMatchObject({ rows: 10_003, dropped: [] })
    expect(sample('banking-heldout.csv').report).toMatchObject({ rows: 3_073, dropped: [] })
    expect(sample('clinc150.jsonl').report).toMatchObject({ rows: 18_200, dropped: [], textColumn: 'text' })
  })

  test('share no text between tuning and measuring', () => {
    const seen = new Set(sample('banking.csv').examples.map(({ text }) => text.toLowerCase()))
    expect(sample('banking-heldout.csv').examples.filter(({ text }) => seen.has(text.toLowerCase()))).toEqual([])
  })
})
