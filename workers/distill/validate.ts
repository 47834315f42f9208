/** How near a student is to its teacher on texts that neither is trained on here. */
import { createMasker, type Masking } from './masking.ts'
import { MICROBATCH_TOKENS, sequenceBatches } from './sequences.ts'
import type { Distiller, ValidationSum } from './types.ts'

/** Perplexities and agreement on some sequences. */
export type Validation = {
  readonly perplexity: number
  readonly teacherPerplexity: number
  /** Share of tokens at which both find the same one most likely. */
  readonly agreement: number
}

export async function validate(
  distiller: Distiller,
  values: Float32Array<ArrayBuffer>,
  sequences: readonly Int32Array[],
  masking: Masking | null,
): Promise<Validation> {
  // The same questions at each measurement.
  const batches = sequenceBatches(sequences, MICROBATCH_TOKENS, masking && createMasker(masking, -1))
  const sums: ValidationSum = await distiller.validate({ values, batches })
  return {
    perplexity: Math.exp(sums.studentLoss / sums.targets),
    teacherPerplexity: Math.exp(sums.teacherLoss / sums.targets),
    agreement: sums.agreed / sums.tokens,
  }
}
