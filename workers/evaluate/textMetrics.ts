/** How good answers that are texts are, against those that were wanted. */

export type TextMetrics = {
  readonly n: number
  /** Share of answers that are the wanted one, letter case and spaces around apart. */
  readonly exactMatch: number
  /** Mean over the answers of the F1 of their words. */
  readonly f1: number
}

/** One wanted answer for each given one. */
export function measureTexts(wanted: readonly string[], given: readonly string[]): TextMetrics {
  const n = wanted.length
  const mean = (score: (wanted: string, given: string) => number): number =>
    n === 0 ? 0 : wanted.reduce((sum, text, row) => sum + score(text, given[row] ?? ''), 0) / n
  return { n, exactMatch: mean((a, b) => (isExact(a, b) ? 1 : 0)), f1: mean(tokenF1) }
}

export function isExact(wanted: string, given: string): boolean {
  return plain(wanted) === plain(given)
}

/**
 * F1 of words, without letter case and punctuation: the harmonic mean of the share of the given words that are wanted and
 * of the wanted ones that are given, each as often as it stands there (as SQuAD's, which also drops articles).
 */
export function tokenF1(wanted: string, given: string): number {
  const [want, have] = [wordsOf(wanted), wordsOf(given)]
  if (want.length === 0 || have.length === 0) return want.length === have.length ? 1 : 0
  const left = new Map<string, number>()
  for (const word of want) left.set(word, (left.get(word) ?? 0) + 1)
  let shared = 0
  for (const word of have) {
    const count = left.get(word) ?? 0
    if (count === 0) continue
    left.set(word, count - 1)
    shared++
  }
  return (2 * shared) / (want.length + have.length)
}

function plain(text: string): string {
  return text.trim().toLowerCase()
}

function wordsOf(text: string): string[] {
  return plain(text).match(/[\p{L}\p{N}]+/gu) ?? []
}
