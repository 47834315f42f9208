/** Files of texts that are read row by row. */
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openCorpusFile } from '../../../workers/host/corpusFile.ts'
import { rejectionOf } from '../model/support.ts'

let folder = ''
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'softpost-corpus-'))))
afterAll(() => rm(folder, { recursive: true }))

type Choice = { readonly text?: string; readonly template?: string }

/** What each row becomes, and the file's hash. */
async function readAll(name: string, content: string | Buffer, { text, template = '{text}' }: Choice = {}) {
  const path = join(folder, name)
  await writeFile(path, content)
  const { source, sha256, close } = await openCorpusFile(path, text === undefined ? {} : { text }, template)
  try {
    const rows = await Promise.all(Array.from({ length: source.size }, (_, place) => source.read(place)))
    return { rows, sha256 }
  } finally {
    await close()
  }
}

test('lines of text are read as they are, whatever ends them, and empty ones are none', async () => {
  const content = '\uFEFFone\r\n\n  \t\r\ntwö – 二\nthree'
  const { rows, sha256 } = await readAll('a.txt', content)
  expect(rows).toEqual(['one', 'twö – 二', 'three'])
  expect(sha256).toBe(createHash('sha256').update(content).digest('hex'))
})

test('a file of many chunks gives every line whole, also one that is longer than a chunk', async () => {
  const lines = Array.from({ length: 6_000 }, (_, at) => `${at}:${'ä'.repeat(at % 1500)}`)
  const long = 'x'.repeat(9 * 2 ** 20)
  const { rows } = await readAll('b.txt', [...lines, long, 'last'].join('\n'))
  expect(rows.at(-2) === long).toBe(true)
  expect(rows.toSpliced(-2, 1).join('\n') === [...lines, 'last'].join('\n')).toBe(true)
})

test('JSON lines fill the template, and a line without a text is none', async () => {
  const lines = ['{"label":"a","text":"one"}', '{"text":"$& two","label":"b"}', 'broken', '{"text":" ","label":"c"}']
  const template = '{label}: {text}'
  const { rows } = await readAll('c.jsonl', lines.join('\n'), { template })
  expect(rows).toEqual(['a: one', 'b: $& two', null, null])
  const named = await readAll('d.jsonl', '{"text":"x","other":"y","label":"z"}', { text: 'other' })
  expect(named.rows).toEqual(['y'])
})

test('CSV, whose rows may span lines, is read too', async () => {
  const { rows } = await readAll('e.csv', 'text,label\n"one\ntwo",a\nthree,b\n', { template: '{text}={label}' })
  expect(rows).toEqual(['one\ntwo=a', 'three=b'])
})

test('what is no UTF-8 text is refused, also after the first megabyte', async () => {
  const good = Buffer.from('fine\n'.repeat(300_000))
  await rejectionOf('file-encoding', readAll('f.txt', Buffer.concat([good, Buffer.of(0xff, 0x0a)])))
  await rejectionOf('usage', openCorpusFile(join(folder, 'missing.txt'), {}, '{text}'))
})
