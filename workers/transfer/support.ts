/**
 * Which tokens the transfer's distributions are over: the whole vocabulary (the paper), the label words alone, or the
 * tokens that the prompted student finds likeliest after each text. Outside the support both distributions are 0.
 */
import { SoftpostError } from '../protocol/errors.ts'
import type { LabelTokens } from '../task/answers.ts'

export type Support = 'full' | 'labels' | { readonly top: number }

/** As people write it: `full`, `labels` or `top:N`; null for anything else. */
export function parseSupport(text: string): Support | null {
  if (text === 'full' || text === 'labels') return text
  const [, top] = /^top:(\d+)$/.exec(text) ?? []
  return top === undefined ? null : { top: Number(top) }
}

/** Tokens of a row's distributions, or null for all of them. */
export type SupportOfRow = (row: number) => readonly number[] | null

export const WHOLE: SupportOfRow = () => null

export type SupportGround = {
  /** Of the student with its prompt, `[n, V]`. */
  readonly logits: Float32Array
  readonly vocabulary: number
  /** Null for a task whose answers are texts. */
  readonly labelTokens: LabelTokens | null
}

export function supportOf(support: Support, { logits, vocabulary, labelTokens }: SupportGround): SupportOfRow {
  if (support === 'full') return WHOLE
  if (support === 'labels') {
    if (labelTokens === null) {
      throw new SoftpostError('usage', 'transfer: support "labels" needs a task of classes; use full or top:N')
    }
    const tokens = [...new Set(labelTokens.flat())].sort((a, b) => a - b)
    return () => tokens
  }
  return (row) => largest(logits.subarray(row * vocabulary, (row + 1) * vocabulary), support.top)
}

/** Places of the `count` largest values; of equal ones the first. */
function largest(values: Float32Array, count: number): number[] {
  const least = values.toSorted()[Math.max(0, values.length - count)] ?? Number.NEGATIVE_INFINITY
  const above: number[] = []
  const equal: number[] = []
  for (const [place, value] of values.entries()) {
    if (value > least) above.push(place)
    else if (value === least) equal.push(place)
  }
  return [...above, ...equal.slice(0, Math.max(0, count - above.length))].sort((a, b) => a - b)
}
