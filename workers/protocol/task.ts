import * as z from 'zod/mini'

/** Longest template, label word and initial text that a task may carry; a task is public and small. */
export const TASK_LIMITS = {
  template: 2_000,
  initText: 4_000,
  classes: 64,
  wordsPerClass: 32,
  word: 64,
  end: 64,
  answerTokens: 256,
} as const

const template = z.string().check(
  z.maxLength(TASK_LIMITS.template),
  z.refine((text) => text.split('{text}').length === 2, 'template needs {text} exactly once'),
  z.refine((text) => text.split('{mask}').length <= 2, 'template may have {mask} once'),
)

const initText = z.string().check(z.minLength(1), z.maxLength(TASK_LIMITS.initText))

/**
 * A task whose answer is one of its classes. `labels`: class name to the words that stand for it (each a single token of
 * the model's tokenizer).
 */
export const ClassifyTask = z
  .strictObject({
    kind: z.optional(z.literal('classify')),
    template,
    labels: z.record(
      z.string().check(z.minLength(1), z.maxLength(TASK_LIMITS.word)),
      z
        .array(z.string().check(z.minLength(1), z.maxLength(TASK_LIMITS.word)))
        .check(z.minLength(1), z.maxLength(TASK_LIMITS.wordsPerClass)),
    ),
    initText,
  })
  .check(
    z.refine((task) => Object.keys(task.labels).length >= 2, 'labels needs at least two classes'),
    z.refine((task) => Object.keys(task.labels).length <= TASK_LIMITS.classes, 'labels has too many classes'),
  )
export type ClassifyTask = z.infer<typeof ClassifyTask>

const END = `end is the text behind an answer, of 1 to ${TASK_LIMITS.end} characters, such as "\\n"`
const LONGEST = `maxAnswerTokens is a whole number from 1 to ${TASK_LIMITS.answerTokens}`

/**
 * A task whose answer is a short text, which a causal model writes behind the template. `end`: what stands behind an
 * answer (a single token of the model's tokenizer, such as a line break); `maxAnswerTokens`: its longest answer.
 */
export const ExtractTask = z.strictObject({
  kind: z.literal('extract'),
  template,
  end: z.string({ error: END }).check(z.minLength(1, { error: END }), z.maxLength(TASK_LIMITS.end, { error: END })),
  maxAnswerTokens: z
    .int({ error: LONGEST })
    .check(z.gte(1, { error: LONGEST }), z.lte(TASK_LIMITS.answerTokens, { error: LONGEST })),
  initText,
})
export type ExtractTask = z.infer<typeof ExtractTask>

/**
 * What the model is asked to do, as a JSON document. It is public: it travels with the prompt. Without a `kind` it is a
 * task of classes.
 *
 * - `template`: text around the example. `{text}` stands for the example; `{mask}` marks the read position.
 * - `initText`: the text whose token embeddings the prompt starts from, repeated to its length.
 */
export const Task = z.discriminatedUnion('kind', [ClassifyTask, ExtractTask], {
  error: 'kind is "extract" for a task whose answer is a text; leave it out for a task of classes',
})
export type Task = z.infer<typeof Task>

/**
 * Class names in the order that scores, confusion matrices and probabilities use; a task whose answer is a text has none.
 */
export function classNames(task: Task): string[] {
  return task.kind === 'extract' ? [] : Object.keys(task.labels)
}
