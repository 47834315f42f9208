/** What the tests of models, prompts and tasks share. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { loadTokenizer, type Tokenizer } from '../../../workers/model/tokenizer.ts'
import { SoftpostError, type ErrorCode } from '../../../workers/protocol/errors.ts'

export const DEMO_TEACHER = fileURLToPath(new URL('../../../models/demo-teacher', import.meta.url))
export const DEMO_STUDENT = fileURLToPath(new URL('../../../models/demo-student', import.meta.url))

export function readBytes(path: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(path))
}

export function toBytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text)
}

export function demoTokenizer(): Tokenizer {
  return loadTokenizer(readBytes(`${DEMO_TEACHER}/tokenizer.json`), readBytes(`${DEMO_TEACHER}/tokenizer_config.json`))
}

/** A small BERT tokenizer: whole words, an unknown token and a mask token. */
export function maskedTokenizer(): Tokenizer {
  const { json, config } = wordTokenizerFiles()
  return loadTokenizer(json, config)
}

/** `tokenizer.json` and `tokenizer_config.json` of {@link maskedTokenizer}. */
export function wordTokenizerFiles(): { readonly json: object; readonly config: object } {
  const words = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'it', 'was', '.', 'good', 'bad', 'film', 'a']
  const special = words.slice(0, 5).map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }))
  const around = { single: ['[CLS]', 'A', '[SEP]'], ids: { '[CLS]': 2, '[SEP]': 3 } }
  return {
    json: {
      added_tokens: special,
      normalizer: { type: 'BertNormalizer', clean_text: true, lowercase: true },
      pre_tokenizer: { type: 'BertPreTokenizer' },
      post_processor: {
        type: 'TemplateProcessing',
        single: around.single.map((id) =>
          id === 'A' ? { Sequence: { id, type_id: 0 } } : { SpecialToken: { id, type_id: 0 } },
        ),
        pair: [],
        special_tokens: Object.fromEntries(
          Object.entries(around.ids).map(([id, token]) => [id, { id, ids: [token], tokens: [id] }]),
        ),
      },
      decoder: { type: 'WordPiece', prefix: '##', cleanup: false },
      model: {
        type: 'WordPiece',
        unk_token: '[UNK]',
        continuing_subword_prefix: '##',
        max_input_chars_per_word: 100,
        vocab: Object.fromEntries(words.map((word, id) => [word, id])),
      },
    },
    config: { tokenizer_class: 'BertTokenizer', mask_token: '[MASK]', unk_token: '[UNK]', pad_token: '[PAD]' },
  }
}

/** The error that `act` throws, which must be ours and of this code. */
export function errorOf(code: ErrorCode, act: () => unknown): SoftpostError {
  let thrown: unknown
  try {
    act()
  } catch (error) {
    thrown = error
  }
  return requireError(code, thrown)
}

export async function rejectionOf(code: ErrorCode, promise: Promise<unknown>): Promise<SoftpostError> {
  const thrown: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  return requireError(code, thrown)
}

function requireError(code: ErrorCode, thrown: unknown): SoftpostError {
  if (!(thrown instanceof SoftpostError)) throw new Error(`expected ${code}, got ${String(thrown)}`, { cause: thrown })
  expect(thrown.code, thrown.message).toBe(code)
  expect(thrown.message).not.toContain('\n')
  return thrown
}
