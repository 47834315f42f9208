/**
 * The likelihood ratio attack: Carlini et al., "Membership Inference Attacks From First Principles", S&P 2022 (arXiv
 * 2112.03570). How sure a prompt is of a row's label is compared with prompts that did and that did not see the row.
 *
 * Each prompt in turn is the target and the others are the attacker's. Confidences are log odds, near to Gaussian; means
 * are taken per row, and since a handful of prompts tells little of a single row's spread, one variance serves all rows
 * (section VI-C there).
 */

/** What is known of one prompt: its log odds ln(p / (1-p)) of each row's true label, and which rows it saw (1). */
export type Shadow = { readonly confidence: Float64Array; readonly member: Uint8Array }

/** One guess: how much more likely the target saw the row than not, ln of the ratio. */
export type Guess = {
  readonly target: number
  readonly row: number
  readonly isMember: boolean
  readonly lnRatio: number
}

/** With fewer values a mean says nothing; rows for which the coins fell so are left out for that target. */
const LEAST_SEEN = 2

/** Prompts that are all equal leave no spread but rounding; real ones differ by far more. */
const LEAST_VARIANCE = 1e-9

/** Of each row about each prompt. Empty for too few prompts, of which six are the least and eight are few. */
export function likelihoodRatios(shadows: readonly Shadow[]): Guess[] {
  return shadows.flatMap((shadow, target) => {
    const others = shadows.filter((_, index) => index !== target)
    const seen = spread(others, 1)
    const unseen = spread(others, 0)
    return [...shadow.confidence.keys()].flatMap((row) => {
      const [seenMean, unseenMean] = [seen.means[row] ?? null, unseen.means[row] ?? null]
      if (seenMean === null || unseenMean === null) return []
      const confidence = shadow.confidence[row] ?? 0
      const lnRatio =
        logDensity(confidence, seenMean, seen.variance) - logDensity(confidence, unseenMean, unseen.variance)
      return [{ target, row, isMember: shadow.member[row] === 1, lnRatio }]
    })
  })
}

/** ln of the normal density, less ln √2π, which cancels. */
function logDensity(x: number, mean: number, variance: number): number {
  return -((x - mean) ** 2) / (2 * variance) - Math.log(variance) / 2
}

type Spread = { readonly means: readonly (number | null)[]; readonly variance: number }

/** Confidences of the prompts whose coin for a row shows `coin`: a mean for each row and the variance within rows. */
function spread(shadows: readonly Shadow[], coin: 0 | 1): Spread {
  const rows = shadows[0]?.confidence.length ?? 0
  let squares = 0
  let freedom = 0
  const means = Array.from({ length: rows }, (_, row) => {
    const values = shadows.flatMap(({ confidence, member }) => (member[row] === coin ? [confidence[row] ?? 0] : []))
    if (values.length < LEAST_SEEN) return null
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    squares += values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
    freedom += values.length - 1
    return mean
  })
  return { means, variance: Math.max(squares / Math.max(freedom, 1), LEAST_VARIANCE) }
}
