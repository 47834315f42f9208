/** From a text to the token ids that the model reads, by the task's template. */
import type { Tokenizer } from '../model/tokenizer.ts'
import { SoftpostError } from '../protocol/errors.ts'
import type { Task } from '../protocol/task.ts'
import { answerForm, type AnswerForm } from './answers.ts'
import type { Encoded } from './types.ts'

export type Encoder = {
  /**
   * The filled template, cut to fit beside the prompt. A function of its arguments alone. With an `answer` (an extract
   * task's; it is never cut) that follows, and is read at each of its tokens. Errors: `text-too-long`; `bad-request` for
   * an answer that the task does not allow.
   */
  encode(text: string, answer?: string): Encoded
  /** The tokens of the task's initial text, repeated or cut to `length`. */
  initIds(length: number): number[]
}

export type EncoderRequest = {
  readonly task: Task
  readonly tokenizer: Tokenizer
  /** Positions of the model. */
  readonly contextLength: number
  /** Positions that the prompt takes; 0 without one. */
  readonly promptLength: number
}

const TEXT = '{text}'
const MASK = '{mask}'

/** No token of the vocabularies we know is longer, but for runs of spaces, which say nothing. */
const TOKEN_CHARACTERS = 32

/**
 * @throws SoftpostError `task-invalid` for a template that the model cannot use; `text-too-long` when template and
 * prompt leave no room for text.
 */
export function createEncoder({ task, tokenizer, contextLength, promptLength }: EncoderRequest): Encoder {
  const template = splitTemplate(task.template, tokenizer)
  const { before, after } = tokenizer.frame
  const head = [...before, ...tokenizer.encode(template.head.trimEnd())]
  const tail = [...tokenizer.encode(template.tail), ...after]
  const form = task.kind === 'extract' ? answerForm(task, tokenizer) : null
  // The same with and without an answer: what is read of a text does not depend on it.
  const limit = contextLength - promptLength - (form?.maxTokens ?? 0)
  const room = limit - head.length - tail.length
  if (room < 1) {
    throw new SoftpostError(
      'text-too-long',
      `the template takes ${head.length + tail.length} tokens${form === null ? '' : `, the answer up to ${form.maxTokens}`} and the prompt ${promptLength} of the model's ${contextLength}; nothing is left for the text, shorten the template`,
      { data: { templateTokens: head.length + tail.length, promptLength, contextLength } },
    )
  }
  const readPosition = (ids: readonly number[]) => {
    if (tokenizer.maskTokenId === null) return ids.length - 1
    // A text may spell a mask token of its own; the template's is the outermost on its side.
    return template.maskFirst ? ids.indexOf(tokenizer.maskTokenId) : ids.lastIndexOf(tokenizer.maskTokenId)
  }
  const finish = (ids: readonly number[], cut: boolean): Encoded => {
    const read = readPosition(ids)
    if (read < 0) throw new SoftpostError('bad-request', 'the text is empty; give at least one word')
    return { ids: Int32Array.from(ids), read: [read], cut }
  }

  const encodeText = (raw: string): Encoded => {
    const text = raw.trim()
    if (text.length <= limit * TOKEN_CHARACTERS) {
      // As one string, so that tokens may join text and template as they do in running text.
      const whole = [...before, ...tokenizer.encode(template.head + text + template.tail), ...after]
      if (whole.length <= limit) return finish(whole, false)
    }
    // Cut from the left of the text: its end and the template's tail stand next to the read position.
    const space = /\s$/.test(template.head) ? ' ' : ''
    const body = tokenizer.encode(space + text.slice(-limit * TOKEN_CHARACTERS))
    return finish([...head, ...body.slice(-room), ...tail], true)
  }
  return {
    encode(text, answer) {
      const encoded = encodeText(text)
      return answer === undefined ? encoded : withAnswer(encoded, answer, form)
    },
    initIds(length) {
      const ids = tokenizer.encode(task.initText)
      if (ids.length === 0) throw new SoftpostError('task-invalid', 'initText has no tokens; give it some words')
      return Array.from({ length }, (_, index) => ids[index % ids.length] ?? 0)
    },
  }
}

function withAnswer(encoded: Encoded, answer: string, form: AnswerForm | null): Encoded {
  if (form === null) throw new SoftpostError('internal', 'encode: a task of classes has no answers')
  const tokens = form.tokensOf(answer)
  if (typeof tokens === 'string') throw new SoftpostError('bad-request', `the answer cannot be used: it is ${tokens}`)
  return answeredWith(encoded, [...tokens, form.end])
}

/** A text with the tokens that are to follow it, each read at the one before; the last of them is not read itself. */
export function answeredWith({ ids, cut }: Encoded, targets: readonly number[]): Encoded {
  return {
    ids: Int32Array.from([...ids, ...targets.slice(0, -1)]),
    read: targets.map((_, at) => ids.length - 1 + at),
    targets,
    cut,
  }
}

type Template = { readonly head: string; readonly tail: string; readonly maskFirst: boolean }

function splitTemplate(template: string, tokenizer: Tokenizer): Template {
  const maskFirst = template.includes(MASK) && template.indexOf(MASK) < template.indexOf(TEXT)
  const filled =
    tokenizer.maskTokenId === null
      ? forCausal(template, maskFirst)
      : forMasked(template, tokenizer, tokenizer.maskTokenId)
  const [head, tail, ...more] = filled.split(TEXT)
  if (head === undefined || tail === undefined || more.length > 0) {
    throw new SoftpostError('task-invalid', `the template needs ${TEXT} exactly once`)
  }
  return { head, tail, maskFirst }
}

/** A causal model answers at the last token: {mask} and all that follows goes, and spaces that would stand there. */
function forCausal(template: string, maskFirst: boolean): string {
  if (maskFirst) {
    throw new SoftpostError(
      'task-invalid',
      `${MASK} stands before ${TEXT}; this model reads from left to right, put ${MASK} after ${TEXT}`,
    )
  }
  return (template.split(MASK, 1)[0] ?? template).trimEnd()
}

function forMasked(template: string, tokenizer: Tokenizer, maskTokenId: number): string {
  const marked = template.includes(MASK) ? template : `${template} ${MASK}`
  return marked.replace(MASK, () => tokenizer.decode([maskTokenId]))
}
