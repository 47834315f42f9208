import { expect, test } from 'vitest'
import { TextStream } from '../../../workers/generate/textStream.ts'
import { demoTokenizer } from '../model/support.ts'

test.each(['plain words, one after the other', 'naïve café — 東京 🙂 end'])(
  '"%s" comes out in whole characters',
  (text) => {
    const tokenizer = demoTokenizer()
    const stream = new TextStream(tokenizer, tokenizer.encode('It says: '))
    const parts = tokenizer.encode(text).map((id) => stream.add(id))
    for (const part of parts) expect(part).not.toContain('\uFFFD')
    expect(parts.join('') + stream.end()).toBe(text)
    expect(stream.text).toBe(`It says: ${text}`)
  },
)

test('what stays unfinished is given at the end', () => {
  const tokenizer = demoTokenizer()
  const ids = tokenizer.encode('🙂')
  const stream = new TextStream(tokenizer, [])
  expect(ids.length).toBeGreaterThan(1)
  for (const id of ids.slice(0, -1)) expect(stream.add(id)).toBe('')
  expect(stream.end()).toBe('\uFFFD')
})
