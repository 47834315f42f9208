/** A model's tokenizer, from the JSON files of its folder. Same code in the worker and in Node; it loads nothing. */
import { PreTrainedTokenizer } from '@huggingface/transformers'
import { SoftpostError } from '../protocol/errors.ts'
import { MODEL_FILES } from './manifest.ts'
import { encodeByWords } from './wordCache.ts'

export type Tokenizer = {
  /** Token ids without special tokens. A special token spelled out in the text becomes that token, as in PyTorch. */
  encode(text: string): number[]
  decode(ids: readonly number[]): string
  /** The text of each token, to show how a word splits. */
  pieces(text: string): string[]
  /** Null for a causal model. */
  readonly maskTokenId: number | null
  /** What the model was trained to end a text with; null where its configuration names none. */
  readonly endTokenId: number | null
  /** What stands for text that the vocabulary cannot spell; null where every text can be spelled. */
  readonly unknownTokenId: number | null
  /** Special tokens that the model was trained to see around a text (`[CLS]` … `[SEP]`, `<s>`); often none. */
  readonly frame: { readonly before: readonly number[]; readonly after: readonly number[] }
  /** Largest token id plus one. */
  readonly vocabularySize: number
}

type Json = Uint8Array | object

/**
 * @param tokenizerJson `tokenizer.json`, as bytes or parsed.
 * @param tokenizerConfig `tokenizer_config.json`; a folder may lack it.
 * @throws SoftpostError `tokenizer` when the files do not describe a tokenizer.
 */
export function loadTokenizer(tokenizerJson: Json, tokenizerConfig: Json = {}): Tokenizer {
  const json = parse(tokenizerJson, MODEL_FILES.tokenizer)
  const config = parse(tokenizerConfig, MODEL_FILES.tokenizerConfig)
  const inner = construct(json, config)
  const encode = encodeByWords((text) => inner.encode(text, { add_special_tokens: false }), json, config)
  const decode = (ids: readonly number[]): string =>
    ids.length === 0 ? '' : inner.decode([...ids], { skip_special_tokens: false, clean_up_tokenization_spaces: false })
  const vocabulary: unknown = inner.get_vocab()
  if (!(vocabulary instanceof Map)) throw broken('it has no vocabulary')
  let largest = -1
  for (const id of vocabulary.values()) if (typeof id === 'number' && id > largest) largest = id
  return {
    encode,
    decode,
    pieces: (text) => encode(text).map((id) => decode([id])),
    maskTokenId: toId(inner.mask_token_id),
    endTokenId: toId(inner.eos_token_id),
    unknownTokenId: toId(inner.unk_token_id),
    frame: findFrame(encode('a'), inner.encode('a', { add_special_tokens: true })),
    vocabularySize: largest + 1,
  }
}

function construct(json: object, config: object): PreTrainedTokenizer {
  try {
    return new PreTrainedTokenizer(json, config)
  } catch (error) {
    throw broken(error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : 'it cannot be read', error)
  }
}

function parse(json: Json, name: string): object {
  if (!(json instanceof Uint8Array)) return json
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json))
  } catch (error) {
    throw broken(`${name} is not JSON`, error)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw broken(`${name} is not a JSON object`)
  return value
}

/** What the tokenizer's post-processor puts around a text. */
function findFrame(bare: readonly number[], framed: readonly number[]): Tokenizer['frame'] {
  const start = framed.findIndex((_, at) => bare.every((id, offset) => framed[at + offset] === id))
  if (bare.length === 0 || start < 0) return { before: [], after: [] }
  return { before: framed.slice(0, start), after: framed.slice(start + bare.length) }
}

function toId(value: unknown): number | null {
  return typeof value === 'number' ? value : null
}

function broken(what: string, cause?: unknown): SoftpostError {
  return new SoftpostError('tokenizer', `the model's tokenizer is not usable: ${what}; download the model again`, {
    cause,
  })
}
