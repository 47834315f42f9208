/** A task as it is typed: one line of words per class. Pure. */
import { SoftpostError } from '../../../workers/protocol/errors.ts'
import { Task, TASK_LIMITS } from '../../../workers/protocol/task.ts'
import { DATA_COPY } from './copy.ts'

export type TaskDraft = {
  readonly template: string
  /** Empty where answers are texts. */
  readonly classes: readonly { readonly label: string; readonly words: string }[]
  /** Where answers are texts: what stands behind one (a line break is typed as `\\n`), and tokens of the longest. */
  readonly answer: { readonly end: string; readonly maxTokens: string } | null
  readonly initText: string
}

export function draftOfTask(task: Task): TaskDraft {
  const { template, initText } = task
  if (task.kind === 'extract') {
    const answer = { end: task.end.replaceAll('\n', '\\n'), maxTokens: String(task.maxAnswerTokens) }
    return { template, classes: [], answer, initText }
  }
  const classes = Object.entries(task.labels).map(([label, words]) => ({ label, words: words.join(', ') }))
  return { template, classes, answer: null, initText }
}

/** For a file whose answers are texts. */
export function draftOfAnswers(): TaskDraft {
  const { template, initText, end, maxTokens } = DATA_COPY.task.answer.defaults
  return { template, classes: [], answer: { end, maxTokens }, initText }
}

/** Words out of the names of the classes, for a file that brings no task. */
export function draftOfLabels(labels: readonly string[]): TaskDraft {
  const { template, initText } = DATA_COPY.task.defaults
  const plain = labels.map((label) => wordsOfName(label).join(' '))
  return {
    template,
    classes: labels.map((label) => ({ label, words: proposeWords(label).join(', ') })),
    answer: null,
    initText: initText(plain.join(', ')).slice(0, TASK_LIMITS.initText),
  }
}

/** @throws SoftpostError `task-invalid` with the first thing that is wrong. */
export function taskOfDraft({ template, classes, answer, initText }: TaskDraft): Task {
  const labels = Object.fromEntries(classes.map(({ label, words }) => [label, splitList(words)]))
  const empty = classes.find(({ words }) => splitList(words).length === 0)
  if (empty !== undefined) {
    throw new SoftpostError('task-invalid', `the class "${empty.label}" has no word; give it at least one`)
  }
  if (initText.trim() === '') {
    throw new SoftpostError('task-invalid', 'the text that the prompt starts from is empty; say what is asked')
  }
  const end = answer?.end.replaceAll('\\n', '\n')
  const parsed = Task.safeParse(
    answer === null
      ? { template, labels, initText }
      : { kind: 'extract', template, end, maxAnswerTokens: Number(answer.maxTokens), initText },
  )
  if (parsed.success) return parsed.data
  throw new SoftpostError('task-invalid', parsed.error.issues[0]?.message ?? 'the task is not complete', {
    cause: parsed.error,
  })
}

export function withWords(draft: TaskDraft, label: string, words: string): TaskDraft {
  return { ...draft, classes: draft.classes.map((entry) => (entry.label === label ? { label, words } : entry)) }
}

/** Takes one word out of a class; the last one stays, since a class needs one. */
export function withoutWord(draft: TaskDraft, label: string, word: string): TaskDraft {
  const entry = draft.classes.find((candidate) => candidate.label === label)
  const left = splitList(entry?.words ?? '').filter((candidate) => candidate !== word)
  return left.length === 0 ? draft : withWords(draft, label, left.join(', '))
}

/** Puts another word in the place of one that the model splits. */
export function replaceWord(draft: TaskDraft, label: string, word: string, by: string): TaskDraft {
  const entry = draft.classes.find((candidate) => candidate.label === label)
  const words = splitList(entry?.words ?? '').map((candidate) => (candidate === word ? by : candidate))
  return withWords(draft, label, [...new Set(words)].join(', '))
}

/** Words in a list with commas, each once. */
export function splitList(words: string): string[] {
  return [
    ...new Set(
      words
        .split(',')
        .map((word) => word.trim())
        .filter((word) => word !== ''),
    ),
  ]
}

const FILLERS = new Set(['a', 'an', 'and', 'at', 'by', 'for', 'in', 'is', 'not', 'of', 'on', 'or', 'the', 'to', 'with'])
const MOST_PROPOSED = 3

function proposeWords(label: string): string[] {
  const words = wordsOfName(label)
  const telling = words.filter((word) => word.length > 2 && !FILLERS.has(word))
  return [...new Set(telling.length > 0 ? telling : words)].slice(0, MOST_PROPOSED)
}

/** `cardArrival`, `card_arrival` and `Card arrival` are all "card arrival". */
function wordsOfName(label: string): string[] {
  const words = label
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .split(/[\s_\-/.:]+/u)
    .filter((word) => word !== '')
    .map((word) => word.toLowerCase())
  return words.length > 0 ? words : [label]
}
