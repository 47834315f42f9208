/** Token sequences as padded batches of similar lengths. */
import { rowsOf } from './loss.ts'
import type { Masked } from './masking.ts'
import type { BatchTotals, SequenceBatch } from './types.ts'

/** Tokens of a microbatch: more need memory for the logits of all of them, and are no faster. */
export const MICROBATCH_TOKENS = 256

/**
 * Batches of at most `tokens` tokens, padding included, the longest sequences first. `mask` asks a masked model about
 * each; null for a causal one.
 */
export function sequenceBatches(
  sequences: readonly Int32Array[],
  tokens: number,
  mask: ((sequence: Int32Array) => Masked) | null = null,
): SequenceBatch[] {
  const sorted = [...sequences].sort((a, b) => b.length - a.length)
  const batches: SequenceBatch[] = []
  while (sorted.length > 0) {
    const length = sorted[0]?.length ?? 0
    const some = sorted.splice(0, Math.max(1, Math.floor(tokens / length)))
    batches.push(mask ? maskedBatch(some.map(mask), length) : paddedBatch(some, length))
  }
  return batches
}

/** Padding is on the right, where no token sees it. */
function paddedBatch(sequences: readonly Int32Array[], length: number): SequenceBatch {
  const lengths = Int32Array.from(sequences, (ids) => ids.length)
  const read = lengths.map((count) => count - 1)
  return { ids: padded(sequences, length, 0), size: sequences.length, length, lengths, read }
}

function maskedBatch(sequences: readonly Masked[], length: number): SequenceBatch {
  const batch = paddedBatch(
    sequences.map(({ ids }) => ids),
    length,
  )
  const targets = sequences.map(({ targets }) => targets)
  return { ...batch, targets: padded(targets, length, -1) }
}

function padded(sequences: readonly Int32Array[], length: number, padding: number): Int32Array {
  const rows = new Int32Array(sequences.length * length).fill(padding)
  for (const [text, sequence] of sequences.entries()) rows.set(sequence, text * length)
  return rows
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
