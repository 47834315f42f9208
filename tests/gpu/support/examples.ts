/** Texts of token ids that mean nothing, of mixed lengths, the same in every run. */
import { answeredWith } from '../../../workers/task/encoder.ts'
import type { TokenBatch } from '../../../workers/model/types.ts'
import type { Encoded } from '../../../workers/task/types.ts'

/** Of unlike lengths, read at their last tokens. */
export const TWO_TEXTS: TokenBatch = {
  ids: Int32Array.from({ length: 2 * 6 }, (_, at) => 11 + 7 * at),
  size: 2,
  length: 6,
  lengths: Int32Array.of(6, 4),
  read: Int32Array.of(5, 3),
}

export function mixedExamples(count: number, vocabulary: number): Encoded[] {
  let state = 12_345
  const next = (bound: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return Math.floor((state / 2 ** 31) * bound)
  }
  return Array.from({ length: count }, () => {
    const length = 3 + next(30)
    return { ids: Int32Array.from({ length }, () => next(vocabulary)), read: [length - 1], cut: false }
  })
}

/** The same with answers of one to six tokens, which the texts' own last tokens stand for. */
export function mixedAnswers(count: number, vocabulary: number): Encoded[] {
  return mixedExamples(count, vocabulary).map((example, place) => {
    const tokens = Math.min(1 + (place % 6), example.ids.length - 1)
    const ids = example.ids.slice(0, -tokens)
    return answeredWith({ ...example, ids }, Array.from(example.ids.subarray(-tokens)))
  })
}
