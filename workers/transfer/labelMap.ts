/** Labels of a public set as classes of the task, so that α can be measured on rows that somebody else labelled. */
import type { ClassifyTask } from '../protocol/task.ts'
import type { Example } from '../task/types.ts'

/** A set's labels with words for each, as its registry has them. */
export type LabelWords = Readonly<Record<string, readonly string[]>>

/**
 * Rows with the task's class names in place of the set's. A label means the one class that shares a word with it; a label
 * that shares words with several classes, or with none, leaves its rows as they are.
 */
export function mapLabels(
  task: Pick<ClassifyTask, 'labels'>,
  examples: readonly Example[],
  words: LabelWords,
): Example[] {
  const classes = Object.entries(task.labels).map(([name, own]) => ({ name, words: lower([name, ...own]) }))
  const names = new Map<string, string>()
  for (const [label, more] of Object.entries(words)) {
    const meant = lower([label, ...more])
    const [only, ...others] = classes.filter(({ words }) => [...meant].some((word) => words.has(word)))
    if (only && others.length === 0) names.set(label, only.name)
  }
  return examples.map((example) => {
    const name = example.label === null ? undefined : names.get(example.label)
    return name === undefined ? example : { ...example, label: name }
  })
}

function lower(words: readonly string[]): ReadonlySet<string> {
  return new Set(words.map((word) => word.trim().toLowerCase()))
}
