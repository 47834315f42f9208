/**
 * Tokens word by word, each distinct word once: the rows of a file repeat most of their words. For tokenizers that split
 * a text into GPT-2's words and then work on each alone; the others are left as they are.
 */

type Encode = (text: string) => number[]

/** How Hugging Face's `ByteLevel` pre-tokenizer splits (`use_regex`). A word of it, alone, is one word again. */
const WORDS = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu

/** Words that are kept: some megabytes at the most. */
const MOST_WORDS = 50_000
/** A longer one is hardly met again. */
const LONGEST_WORD = 64

/**
 * @param encode of the tokenizer that `json`, its `tokenizer.json`, and `config` describe.
 * @returns a function that gives the same tokens, sooner where words come again.
 */
export function encodeByWords(encode: Encode, json: object, config: object): Encode {
  if (!worksOnWords(json, config)) return encode
  const added = addedTokens(json)
  const known = new Map<string, readonly number[]>()
  const encodeWord = (word: string): readonly number[] => {
    const before = known.get(word)
    if (before !== undefined) return before
    const ids = encode(word)
    if (word.length <= LONGEST_WORD) {
      if (known.size === MOST_WORDS) known.clear()
      known.set(word, ids)
    }
    return ids
  }
  return (text) => {
    // One that is spelled out in the text parts it before it is split into words.
    if (added.some((token) => text.includes(token))) return encode(text)
    const ids: number[] = []
    for (const word of text.match(WORDS) ?? []) ids.push(...encodeWord(word))
    return ids
  }
}

/** Whether nothing but the split into words looks at more than one word at a time. */
function worksOnWords(json: object, config: object): boolean {
  const { normalizer, pre_tokenizer: split, model } = json as TokenizerJson
  const { remove_space: trims, do_lowercase_and_remove_accent: lowers } = config as TokenizerConfig
  return (
    (normalizer ?? null) === null &&
    split?.type === 'ByteLevel' &&
    split.add_prefix_space !== true &&
    split.use_regex !== false &&
    model?.type === 'BPE' &&
    model.fuse_unk !== true &&
    trims !== true &&
    lowers !== true
  )
}

function addedTokens(json: object): string[] {
  const { added_tokens: added = [] } = json as TokenizerJson
  return added.flatMap(({ content }) => (typeof content === 'string' && content !== '' ? [content] : []))
}

/** What is looked at of the files, which are somebody else's: each field may be missing, or of another type. */
type TokenizerJson = {
  readonly normalizer?: unknown
  readonly pre_tokenizer?: {
    readonly type?: unknown
    readonly add_prefix_space?: unknown
    readonly use_regex?: unknown
  } | null
  readonly model?: { readonly type?: unknown; readonly fuse_unk?: unknown } | null
  readonly added_tokens?: readonly { readonly content?: unknown }[]
}
type TokenizerConfig = { readonly remove_space?: unknown; readonly do_lowercase_and_remove_accent?: unknown }
