/** Token sequences as padded batches of similar lengths. */
import type { TokenBatch } from '../model/types.ts'
import { rowsOf } from './loss.ts'
import type { BatchTotals, SequenceBatch } from './types.ts'

/** Tokens of a microbatch: more need memory for the logits of all of them, and are no faster. */
export const MICROBATCH_TOKENS = 256

/** Batches of at most `tokens` tokens, padding included, the longest sequences first. */
export function sequenceBatches(sequences: readonly Int32Array[], tokens: number): TokenBatch[] {
  const sorted = [...sequences].sort((a, b) => b.length - a.length)
  const batches: TokenBatch[] = []
  while (sorted.length > 0) {
    const length = sorted[0]?.length ?? 0
    batches.push(padded(sorted.splice(0, Math.max(1, Math.floor(tokens / length))), length))
  }
  return batches
}

/** Padding is on the right, where no token sees it. */
function padded(sequences: readonly Int32Array[], length: number): TokenBatch {
  const ids = new Int32Array(sequences.length * length)
  for (const [text, sequence] of sequences.entries()) ids.set(sequence, text * length)
  const lengths = Int32Array.from(sequences, (ids) => ids.length)
  return { ids, size: sequences.length, length, lengths, read: lengths.map((count) => count - 1) }
}

export function totalsOf(batches: readonly SequenceBatch[]): BatchTotals {
  let [tokens, targets] = [0, 0]
  for (const batch of batches) {
    const rows = rowsOf(batch)
    tokens += total(rows.token)
    targets += total(rows.target)
  }
  return { tokens, targets }
}

function total(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0)
}
