/** From the words that stand for a class to the tokens whose logits are its score. */
import type { Tokenizer } from '../model/tokenizer.ts'
import { SoftpostError } from '../protocol/errors.ts'
import { classNames, type ClassifyTask } from '../protocol/task.ts'
import type { LabelWordReport } from '../protocol/tuner.ts'

export type LabelWords = {
  /** Token ids by class, in the order of `classNames(task)`; words that are not one token are left out. */
  readonly tokens: number[][]
  readonly report: LabelWordReport[]
}

/** Looks each word up with a leading space first, as it stands inside a sentence, then as written. */
export function resolveLabelWords(task: ClassifyTask, tokenizer: Tokenizer): LabelWords {
  const report: LabelWordReport[] = []
  const tokens = classNames(task).map((label) => {
    const found: number[] = []
    for (const word of task.labels[label] ?? []) {
      const entry = lookUp(label, word, tokenizer)
      report.push(entry)
      if (entry.token !== null) found.push(entry.token)
    }
    return found
  })
  return { tokens, report }
}

/**
 * Token ids by class, every word found.
 * @throws SoftpostError `label-word` for a word that is not one token, naming its pieces, and for two classes that
 * share a token.
 */
export function requireLabelWords(task: ClassifyTask, tokenizer: Tokenizer): number[][] {
  const { tokens, report } = resolveLabelWords(task, tokenizer)
  const owners = new Map<number, LabelWordReport>()
  for (const entry of report) {
    if (entry.token === null) throw splitWord(entry)
    const owner = owners.get(entry.token)
    if (owner !== undefined && owner.label !== entry.label) {
      throw new SoftpostError(
        'label-word',
        `the word "${entry.word}" stands for both "${owner.label}" and "${entry.label}"; give each class words of its own`,
        { data: { word: entry.word, labels: [owner.label, entry.label] } },
      )
    }
    owners.set(entry.token, entry)
  }
  return tokens
}

function lookUp(label: string, word: string, tokenizer: Tokenizer): LabelWordReport {
  for (const text of [` ${word}`, word]) {
    const [token, ...more] = tokenizer.encode(text)
    if (token !== undefined && more.length === 0 && token !== tokenizer.unknownTokenId) {
      return { label, word, token, pieces: tokenizer.pieces(text), suggestion: null }
    }
  }
  const suggestion = suggestWord(word, tokenizer)
  return { label, word, token: null, pieces: tokenizer.pieces(` ${word}`), suggestion }
}

function splitWord({ label, word, pieces, suggestion }: LabelWordReport): SoftpostError {
  const remedy = suggestion === null ? 'choose a shorter, more common word' : `"${suggestion}" would be one token`
  return new SoftpostError(
    'label-word',
    `the word "${word}" of class "${label}" is not one token of this model but ${pieces.length}: ${pieces.map((piece) => JSON.stringify(piece)).join(' ')}; ${remedy}`,
    { data: { label, word, pieces, ...(suggestion === null ? {} : { suggestion }) } },
  )
}

/** Endings without which an English word often is one token. */
const ENDINGS = ['', 's', 'es', 'ed', 'd', 'ing', 'ly'] as const

/** The word in lower case or without its ending, where that is one token. */
function suggestWord(word: string, tokenizer: Tokenizer): string | null {
  const lower = word.toLowerCase()
  for (const ending of ENDINGS) {
    const stem = lower.endsWith(ending) ? lower.slice(0, lower.length - ending.length) : word
    const [token, ...more] = stem === word || stem.length < 3 ? [] : tokenizer.encode(` ${stem}`)
    if (token !== undefined && more.length === 0 && token !== tokenizer.unknownTokenId) return stem
  }
  return null
}
