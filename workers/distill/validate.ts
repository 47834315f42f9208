/** How near a student is to its teacher on texts that neither is trained on here. */
import { MICROBATCH_TOKENS, sequenceBatches } from './sequences.ts'
import type { Distiller, ValidationSum } from './types.ts'

/** Perplexities and agreement on some sequences. */
export type Validation = {
  readonly perplexity: number
  readonly teacherPerplexity: number
  /** Share of tokens after which both find the same next one most likely. */
  readonly agreement: number
}

export async function validate(
  distiller: Distiller,
  values: Float32Array<ArrayBuffer>,
  sequences: readonly Int32Array[],
): Promise<Validation> {
  const batches = sequenceBatches(sequences, MICROBATCH_TOKENS)
  const sums: ValidationSum = await distiller.validate({ values, batches })
  return {
    perplexity: Math.exp(sums.studentLoss / sums.targets),
    teacherPerplexity: Math.exp(sums.teacherLoss / sums.targets),
    agreement: sums.agreed / sums.tokens,
  }
}
