/** Which public texts are nearest to a task: by what the user declared public, and by nothing of the texts to label. */
import type { ClassifyTask, Task } from './task.ts'
import type { PublicSet } from './wire.ts'

export type Suggestion = {
  readonly id: string
  /** Words that task and set share, for the reason that is shown. */
  readonly shared: readonly string[]
}

/** Words of templates that say nothing of what a text is about. */
const EMPTY: ReadonlySet<string> = new Set(
  'about and are for from has have how into its mask not of on or text that the their this to was what which who with'.split(
    ' ',
  ),
)

type Words = Pick<Task, 'template'> & Partial<Pick<ClassifyTask, 'labels'>>

/**
 * The set that shares most words with template, class names and label words; a word counts the more, the fewer sets have
 * it. Null where none shares any.
 */
export function suggestPublicSet(
  { template, labels = {} }: Words,
  sets: readonly Pick<PublicSet, 'id' | 'name' | 'description' | 'german' | 'domain' | 'labels'>[],
): Suggestion | null {
  const asked = wordsOf([template, ...labelTexts(labels)])
  const offered = sets.map(({ id, name, description, domain, german, labels = {} }) => ({
    id,
    words: wordsOf([name, description, domain, ...Object.values(german ?? {}), ...labelTexts(labels)]),
  }))
  const weightOf = (word: string): number =>
    Math.log(1 + sets.length / offered.filter(({ words }) => words.has(word)).length)
  let best: (Suggestion & { readonly score: number }) | null = null
  for (const { id, words } of offered) {
    const shared = [...asked].filter((word) => words.has(word))
    const score = shared.reduce((sum, word) => sum + weightOf(word), 0)
    if (score > (best?.score ?? 0)) best = { id, shared, score }
  }
  return best && { id: best.id, shared: best.shared }
}

function labelTexts(labels: Readonly<Record<string, readonly string[]>>): string[] {
  return [...Object.keys(labels), ...Object.values(labels).flat()]
}

/** Without case and plural. */
function wordsOf(texts: readonly string[]): ReadonlySet<string> {
  const words = texts.flatMap((text) => text.toLowerCase().match(/\p{L}{3,}/gu) ?? [])
  return new Set(words.filter((word) => !EMPTY.has(word)).map((word) => word.replace(/(?<=..[^s])s$/u, '')))
}
