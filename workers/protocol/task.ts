import * as z from 'zod/mini'

/** Longest template, label word and initial text that a task may carry; a task is public and small. */
export const TASK_LIMITS = { template: 2_000, initText: 4_000, classes: 64, wordsPerClass: 32, word: 64 } as const

/**
 * What the model is asked to do, as a JSON document. It is public: it travels with the prompt.
 *
 * - `template`: text around the example. `{text}` stands for the example; `{mask}` marks the read position.
 * - `labels`: class name to the words that stand for it (each a single token of the model's tokenizer).
 * - `initText`: the text whose token embeddings the prompt starts from, repeated to its length.
 */
export const Task = z
  .strictObject({
    template: z.string().check(z.maxLength(TASK_LIMITS.template)),
    labels: z.record(
      z.string().check(z.minLength(1), z.maxLength(TASK_LIMITS.word)),
      z
        .array(z.string().check(z.minLength(1), z.maxLength(TASK_LIMITS.word)))
        .check(z.minLength(1), z.maxLength(TASK_LIMITS.wordsPerClass)),
    ),
    initText: z.string().check(z.minLength(1), z.maxLength(TASK_LIMITS.initText)),
  })
  .check(
    z.refine((task) => task.template.split('{text}').length === 2, 'template needs {text} exactly once'),
    z.refine((task) => task.template.split('{mask}').length <= 2, 'template may have {mask} once'),
    z.refine((task) => Object.keys(task.labels).length >= 2, 'labels needs at least two classes'),
    z.refine((task) => Object.keys(task.labels).length <= TASK_LIMITS.classes, 'labels has too many classes'),
  )

export type Task = z.infer<typeof Task>

/** Class names in the order that scores, confusion matrices and probabilities use. */
export function classNames(task: Task): string[] {
  return Object.keys(task.labels)
}
