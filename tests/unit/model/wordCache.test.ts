import { PreTrainedTokenizer } from '@huggingface/transformers'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeByWords } from '../../../workers/model/wordCache.ts'
import { DEMO_TEACHER, readBytes, wordTokenizerFiles } from './support.ts'

const parse = (name: string): object => JSON.parse(new TextDecoder().decode(readBytes(`${DEMO_TEACHER}/${name}`)))
const json = parse('tokenizer.json')
const config = parse('tokenizer_config.json')

/** What is of interest where texts are split. */
const PARTS = [
  "'",
  "'s",
  "'ll",
  ' ',
  '  ',
  '\n',
  '\t',
  '\u00a0',
  'a',
  'Word',
  '12',
  '½',
  '...',
  '_',
  'é',
  'e\u0301',
  '漢',
  '👩‍👧',
]
const texts = fc.oneof(
  fc.array(fc.constantFrom(...PARTS, '<|endoftext|>', '<|endof'), { maxLength: 12 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 40 }),
)

const always = () => [1]

function counted(tokenizerJson: object, tokenizerConfig: object) {
  const inner = new PreTrainedTokenizer(tokenizerJson, tokenizerConfig)
  let calls = 0
  const plain = (text: string): number[] => inner.encode(text, { add_special_tokens: false })
  const counting = (text: string): number[] => {
    calls++
    return plain(text)
  }
  return { plain, byWords: encodeByWords(counting, tokenizerJson, tokenizerConfig), calls: () => calls }
}

describe('tokens word by word', () => {
  test('are those of the whole text', () => {
    const { plain, byWords } = counted(json, config)
    const isSame = (text: string): void => {
      expect(byWords(text)).toEqual(plain(text))
    }
    fc.assert(fc.property(texts, isSame), { numRuns: 2_000 })
  })

  test('take each word once', () => {
    const { byWords, calls } = counted(json, config)
    byWords('my card is my card')
    expect(calls()).toBe(4)
    byWords('is my card')
    expect(calls()).toBe(5)
  })

  test.each([
    ['that split otherwise', wordTokenizerFiles().json],
    ['that put a space before a text', { ...json, pre_tokenizer: { type: 'ByteLevel', add_prefix_space: true } }],
    ['that change the text first', { ...json, normalizer: { type: 'NFC' } }],
  ])('are not used for tokenizers %s', (_, other) => {
    expect(encodeByWords(always, other, config)).toBe(always)
  })
})
