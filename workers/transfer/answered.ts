/**
 * Public texts of an extract task with the answer that both models are led along (teacher forcing): one that the public
 * set has, or what the student with its prompt writes. Which answer it is matters little: the losses compare the models at
 * each of its positions, whatever stands there.
 */
import { writeTokens, type WriteJob } from '../evaluate/writeTexts.ts'
import type { AnswerForm } from '../task/answers.ts'
import { answeredWith, type Encoder } from '../task/encoder.ts'
import type { Encoded, Example } from '../task/types.ts'

/** `public`: the set's own answers, where a row has one of use. */
export const ANSWER_SOURCES = ['public', 'student'] as const
export type AnswerSource = (typeof ANSWER_SOURCES)[number]

export type AnsweredRequest = Pick<WriteJob, 'engine' | 'prompt'> & {
  readonly encoder: Encoder
  readonly form: AnswerForm
  readonly source: AnswerSource
  /** In the order in which they are to be used. */
  readonly texts: readonly Example[]
  /** Read positions of all of them together: texts beyond are left out. */
  readonly mostPositions: number
}

/** At least one, with as many read positions as its answer has tokens, the token that ends it included. */
export async function answeredTexts(request: AnsweredRequest): Promise<Encoded[]> {
  const { encoder, form, source, texts, mostPositions } = request
  const known = texts.map(({ text, label }) => {
    const isOfUse = source === 'public' && label !== null && typeof form.tokensOf(label) !== 'string'
    return isOfUse ? encoder.encode(text, label) : null
  })
  const open = texts.flatMap(({ text }, at) => (known[at] === null ? [encoder.encode(text)] : []))
  const written = writtenTexts(request, open)
  const answered: Encoded[] = []
  let positions = 0
  for (const own of known) {
    const next = own ?? (await written.next()).value
    positions += next?.read.length ?? 0
    if (!next || (answered.length > 0 && positions > mostPositions)) break
    answered.push(next)
  }
  return answered
}

/** As the student goes on with them. An answer that was not ended has no position for its end. */
async function* writtenTexts(
  { engine, prompt, form }: AnsweredRequest,
  examples: readonly Encoded[],
): AsyncGenerator<Encoded, undefined> {
  let at = 0
  for await (const { ids, ended } of writeTokens({ engine, slot: 'student', prompt, form, examples })) {
    const example = examples[at++]
    if (example) yield answeredWith(example, ended ? [...ids, form.end] : ids)
  }
  return undefined
}
