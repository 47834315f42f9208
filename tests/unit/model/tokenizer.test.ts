import { describe, expect, test } from 'vitest'
import { loadTokenizer } from '../../../workers/model/tokenizer.ts'
import { DEMO_TEACHER, demoTokenizer, errorOf, maskedTokenizer, readBytes, toBytes } from './support.ts'

describe('the tokenizer of a model folder', () => {
  const tokenizer = demoTokenizer()

  test('goes from text to ids and back', () => {
    for (const text of ['I was charged twice!', "  It's  late\n\n", 'naïve ☃ 漢字 👩‍👩‍👧', '']) {
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(text)
    }
  })

  test('adds no special tokens and shows how a word splits', () => {
    expect(tokenizer.encode(' great')).toHaveLength(1)
    expect(tokenizer.pieces(' unbelievability').join('')).toBe(' unbelievability')
    expect(tokenizer.pieces(' unbelievability').length).toBeGreaterThan(1)
    expect(tokenizer).toMatchObject({ maskTokenId: null, vocabularySize: 8192, frame: { before: [], after: [] } })
  })

  test('is the same from bytes and from parsed JSON, and needs no configuration', () => {
    const json: object = JSON.parse(new TextDecoder().decode(readBytes(`${DEMO_TEACHER}/tokenizer.json`)))
    expect(loadTokenizer(json).encode('one two')).toEqual(tokenizer.encode('one two'))
  })

  test('knows the mask token and the frame of a masked model', () => {
    const masked = maskedTokenizer()
    expect(masked).toMatchObject({ maskTokenId: 4, unknownTokenId: 1, frame: { before: [2], after: [3] } })
    expect(masked.encode('It was [MASK].')).toEqual([5, 6, 4, 7])
  })
})

test.each([
  ['no JSON', toBytes('{')],
  ['no object', toBytes('[]')],
  ['no model', toBytes('{}')],
  ['an unknown model', toBytes('{"model":{"type":"Magic","vocab":{}},"added_tokens":[]}')],
])('files that are no tokenizer are refused: %s', (_, json) => {
  errorOf('tokenizer', () => loadTokenizer(json))
})
