/** Notices that held-out perplexity no longer falls: the paper stops when the loss is flat, having no other signal. */
import * as z from 'zod/mini'

/** The best perplexity so far, and measurements since that were no better. */
export const Plateau = z.strictObject({ best: z.nullable(z.number()), waited: z.int() })
export type Plateau = z.infer<typeof Plateau>

export const NO_PLATEAU: Plateau = { best: null, waited: 0 }

/** A fall by less than this share is within what two orders of the same texts differ by. */
const LEAST_GAIN = 0.002

export function watchPlateau({ best, waited }: Plateau, perplexity: number): Plateau {
  if (best === null || perplexity < best * (1 - LEAST_GAIN)) return { best: perplexity, waited: 0 }
  return { best, waited: waited + 1 }
}
