/** Texts of a vectors file as the product reads them: without their padding. */
import type { Encoded } from '../../task/types.ts'
import type { Texts } from './vectors.ts'

export function encodedTexts({ input_ids: ids, lengths, read_index: read }: Texts): Encoded[] {
  return ids.map((row, text) => ({
    ids: Int32Array.from(row.slice(0, lengths[text])),
    read: [read[text] ?? 0],
    cut: false,
  }))
}

/** Each text once for every one of its tokens, read there. */
export function atEveryToken(examples: readonly Encoded[]): Encoded[] {
  return examples.flatMap((example) => Array.from(example.ids, (_, position) => ({ ...example, read: [position] })))
}

/** What stands at the texts' tokens of `[B, S, width]`, padding left out. */
export function atTokens(
  data: readonly number[],
  { input_ids: ids, lengths }: Pick<Texts, 'input_ids' | 'lengths'>,
  width: number,
): number[] {
  const padded = ids[0]?.length ?? 0
  return lengths.flatMap((length, text) => data.slice(text * padded * width, (text * padded + length) * width))
}
