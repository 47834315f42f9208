/**
 * What is odd about a file's rows, for a person to look at. Finding it changes nothing: whether a row takes part must
 * not depend on other rows (design section 6), so what needs a comparison of rows is mended in an edited file alone.
 */
import type { DataProblems, Repair } from '../../protocol/tuner.ts'
import type { Example } from '../types.ts'

/** Characters from which on a row is called long: some 500 tokens, beyond what small models read. */
const LONG_TEXT = 2_000

/** Contradictions that a report shows, and characters of each. */
const SHOWN = { texts: 5, characters: 200 } as const

export function isLong(text: string): boolean {
  return text.length > LONG_TEXT
}

export function findProblems(examples: readonly Example[]): DataProblems {
  const { repeats, contradictions } = compareRows(examples)
  return {
    longRows: examples.filter(({ text }) => isLong(text)).length,
    duplicates: repeats.filter((kind) => kind === 'equal').length,
    nearDuplicates: repeats.filter((kind) => kind === 'alike').length,
    contradictions: {
      texts: contradictions.size,
      rows: [...contradictions.values()].reduce((sum, { rows }) => sum + rows, 0),
      shown: [...contradictions.values()].slice(0, SHOWN.texts).map(({ text, labels }) => ({
        text: text.slice(0, SHOWN.characters),
        labels: [...labels].map(([label, rows]) => ({ label, rows })),
      })),
    },
  }
}

/** Which rows stay when a person asks for these repairs; one answer an example. */
export function keptBy(repairs: ReadonlySet<Repair>, examples: readonly Example[]): boolean[] {
  const { repeats, contradictions } = compareRows(examples)
  return examples.map(({ text }, row) => {
    if (repairs.has('long') && isLong(text)) return false
    if (repairs.has('duplicates') && repeats[row] === 'equal') return false
    if (repairs.has('near-duplicates') && repeats[row] === 'alike') return false
    return !(repairs.has('contradictions') && contradictions.has(likeness(text)))
  })
}

type Contradiction = { readonly text: string; readonly labels: ReadonlyMap<string, number>; readonly rows: number }

type Comparison = {
  /** Per row: whether an earlier one of the same person and label equals it, or is like it. */
  readonly repeats: readonly ('none' | 'equal' | 'alike')[]
  /** Texts that stand under several labels, by their likeness. */
  readonly contradictions: ReadonlyMap<string, Contradiction>
}

function compareRows(examples: readonly Example[]): Comparison {
  const metOf = metTexts()
  const labelsOf = new Map<string, { readonly text: string; readonly labels: Map<string, number> }>()
  const repeats = examples.map(({ text, label, person }): Comparison['repeats'][number] => {
    const like = likeness(text)
    if (label !== null) {
      const entry = labelsOf.get(like) ?? { text, labels: new Map<string, number>() }
      entry.labels.set(label, (entry.labels.get(label) ?? 0) + 1)
      labelsOf.set(like, entry)
    }
    const { equal, alike } = metOf(label, person)
    const kind = equal.has(text) ? 'equal' : alike.has(like) ? 'alike' : 'none'
    equal.add(text)
    alike.add(like)
    return kind
  })
  const contradictions = new Map<string, Contradiction>()
  for (const [like, { text, labels }] of labelsOf) {
    if (labels.size < 2) continue
    contradictions.set(like, { text, labels, rows: [...labels.values()].reduce((sum, rows) => sum + rows, 0) })
  }
  return { repeats, contradictions }
}

type MetTexts = { readonly equal: Set<string>; readonly alike: Set<string> }

/** The texts that were met so far, by label and person. */
function metTexts(): (label: string | null, person: string | undefined) => MetTexts {
  const byLabel = new Map<string | null, Map<string | undefined, MetTexts>>()
  return (label, person) => {
    const byPerson = byLabel.get(label) ?? new Map<string | undefined, MetTexts>()
    byLabel.set(label, byPerson)
    const met = byPerson.get(person) ?? { equal: new Set(), alike: new Set() }
    byPerson.set(person, met)
    return met
  }
}

const ASCII = /^[\0-\x7f]*$/

/** Texts that differ in letter case, spaces and punctuation alone are like each other. */
function likeness(text: string): string {
  // The same signs for a text of ASCII, at half the time.
  const signs = ASCII.test(text) ? /[^a-z0-9]+/g : /[^\p{L}\p{N}]+/gu
  const letters = text.toLowerCase().replaceAll(signs, ' ').trim()
  // A text of signs alone is like itself.
  return letters === '' ? text : letters
}
