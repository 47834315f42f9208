/** What a causal model did not expect of texts: the losses of all tokens but the first. */
import { tidy } from '@tensorflow/tfjs-core'
import { rowsOf, tokenLosses } from '../distill/loss.ts'
import { MICROBATCH_TOKENS, sequenceBatches } from '../distill/sequences.ts'
import { readModelParts } from '../model/load.ts'
import { SequenceModel } from '../model/transformer/sequence.ts'
import { SoftpostError } from '../protocol/errors.ts'
import type { LoadFile } from '../protocol/tuner.ts'
import { take } from '../runtime/tensors.ts'

/**
 * Cross-entropies in nats, for each text one fewer than it has tokens; on the backend of this thread.
 *
 * @param sequences token ids, two or more each.
 * @throws SoftpostError `model-unknown` for a masked model, which foretells no next token.
 */
export async function textLosses(
  files: readonly LoadFile[],
  sequences: readonly Int32Array[],
): Promise<Float32Array[]> {
  const { blueprint, source } = readModelParts(files)
  if (blueprint.kind !== 'causal') {
    throw new SoftpostError('model-unknown', 'Min-K% needs a causal model: a masked one foretells no next token')
  }
  const model = new SequenceModel(blueprint, source)
  try {
    const losses: Float32Array[] = sequences.map(() => new Float32Array())
    for (const places of batchPlaces(sequences)) {
      const [batch] = sequenceBatches(
        places.flatMap((place) => sequences[place] ?? []),
        Number.POSITIVE_INFINITY,
      )
      if (!batch) continue
      const values = await take(tidy(() => tokenLosses(model.forward(batch), rowsOf(batch))))
      for (const [row, place] of places.entries()) {
        const start = row * batch.length
        losses[place] = values.slice(start, start + (batch.lengths[row] ?? 1) - 1)
      }
    }
    return losses
  } finally {
    model.dispose()
  }
}

/** Places of the sequences of each batch, the longest first, as `sequenceBatches` would have them. */
function batchPlaces(sequences: readonly Int32Array[]): number[][] {
  const sorted = [...sequences.keys()].sort((a, b) => lengthAt(sequences, b) - lengthAt(sequences, a))
  const batches: number[][] = []
  while (sorted.length > 0) {
    const size = Math.max(1, Math.floor(MICROBATCH_TOKENS / lengthAt(sequences, sorted[0] ?? 0)))
    batches.push(sorted.splice(0, size))
  }
  return batches
}

function lengthAt(sequences: readonly Int32Array[], place: number): number {
  return sequences[place]?.length ?? 0
}
