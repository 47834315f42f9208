/** The answers of an extract task as tokens: what the model is to write behind the filled template. */
import type { Tokenizer } from '../model/tokenizer.ts'
import { SoftpostError } from '../protocol/errors.ts'
import type { ExtractTask, Task } from '../protocol/task.ts'
import type { AnswerFault } from '../protocol/tuner.ts'
import { requireLabelWords } from './labelWords.ts'

export type AnswerForm = {
  /** The token that stands behind an answer. */
  readonly end: number
  /** What ends an answer that the model writes: that token, and its own end of text. */
  readonly ends: readonly number[]
  readonly maxTokens: number
  /** Tokens of an answer as it stands behind the template, without the end token; or what is wrong with it. */
  readonly tokensOf: (answer: string) => readonly number[] | AnswerFault
}

/**
 * @throws SoftpostError `model-unknown` for a masked model, `task-invalid` for an end mark that is not one token.
 */
export function answerForm(task: ExtractTask, tokenizer: Tokenizer): AnswerForm {
  if (tokenizer.maskTokenId !== null) {
    throw new SoftpostError(
      'model-unknown',
      'this model fills in a mask and does not write text; an extract task needs a causal model (gpt2, llama or qwen2)',
    )
  }
  const context = contextOf(task)
  const end = endToken(task, context, tokenizer)
  return {
    end,
    ends: [end, ...(tokenizer.endTokenId === null ? [] : [tokenizer.endTokenId])],
    maxTokens: task.maxAnswerTokens,
    tokensOf(raw) {
      const answer = raw.trim()
      if (answer === '') return 'empty'
      if (answer.includes(task.end)) return 'holds-end'
      // A token has at most so many characters; what is longer need not be read to know that it is too long.
      if (answer.length > task.maxAnswerTokens * MOST_CHARACTERS) return 'too-long'
      const tokens = continuation(tokenizer, context, ` ${answer}`)
      if (tokens.includes(end)) return 'holds-end'
      return tokens.length > task.maxAnswerTokens ? 'too-long' : tokens
    },
  }
}

/** No token of the vocabularies we know is longer, but for runs of spaces. */
const MOST_CHARACTERS = 128

/** Public text that an answer follows: the template's end, or a stop where the text itself stands there. */
function contextOf({ template }: ExtractTask): string {
  const [, tail = ''] = template.split('{text}')
  return (tail.split('{mask}', 1)[0] ?? '').trimEnd() || '.'
}

function endToken({ end }: ExtractTask, context: string, tokenizer: Tokenizer): number {
  const pieces = continuation(tokenizer, context, end)
  const [token, ...more] = pieces
  if (token !== undefined && more.length === 0 && token !== tokenizer.unknownTokenId) return token
  throw new SoftpostError(
    'task-invalid',
    `the end mark ${JSON.stringify(end)} is not one token of this model but ${pieces.length}; choose one such as ${JSON.stringify('\n')}, ";" or the model's own end-of-text token`,
    { data: { end, pieces: pieces.length } },
  )
}

/** Tokens that `added` has behind `context`: a tokenizer may write a space of its own before a text that stands alone. */
function continuation(tokenizer: Tokenizer, context: string, added: string): number[] {
  const before = tokenizer.encode(context)
  const whole = tokenizer.encode(context + added)
  return before.every((id, at) => whole[at] === id) ? whole.slice(before.length) : tokenizer.encode(added)
}

/** Token ids of the label words, one list per class; null for a task whose answers are texts. */
export type LabelTokens = readonly (readonly number[])[]

/**
 * What a task's answers are made of in the model's tokens, all of it checked.
 * @throws SoftpostError `label-word`, `task-invalid`, `model-unknown`.
 */
export function requireAnswerTokens(task: Task, tokenizer: Tokenizer): LabelTokens | null {
  if (task.kind !== 'extract') return requireLabelWords(task, tokenizer)
  answerForm(task, tokenizer)
  return null
}
