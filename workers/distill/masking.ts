/** What a masked model is asked: some tokens of a text are hidden, and it should say which they were. */
import { seededRandom } from '../task/seededRandom.ts'

export type Masking = {
  readonly maskTokenId: number
  /** Tokens to put in at random are below it. */
  readonly vocabulary: number
  /** Tokens that are never asked for: those around a text. */
  readonly special: readonly number[]
  readonly seed: number
}

export type Masked = {
  readonly ids: Int32Array
  /** The token at each place that is asked for, -1 elsewhere. */
  readonly targets: Int32Array
}

/** Source: Devlin et al. 2019, section 3.1. */
const ASKED = 0.15
const HIDDEN = 0.8
const RANDOM = 0.1

/** Random whole numbers below this are shares. */
const FINE = 1_000_000

/**
 * Masks sequences one after the other. The same for the same seed and round: other rounds mask the same sequence anew.
 */
export function createMasker(
  { maskTokenId, vocabulary, special, seed }: Masking,
  round: number,
): (sequence: Int32Array) => Masked {
  // The factor keeps the rounds of neighbouring seeds apart. Source: MurmurHash3's finaliser.
  const random = seededRandom(seed ^ Math.imul(round + 1, 0xc2b2ae35))
  const chance = (): number => random(FINE) / FINE
  const never = new Set(special)
  return (sequence) => {
    const places = [...sequence.keys()].filter((place) => !never.has(sequence[place] ?? 0))
    const asked = places.filter(() => chance() < ASKED)
    // A text without a question would only cost time.
    if (asked.length === 0 && places.length > 0) asked.push(places[random(places.length)] ?? 0)
    const ids = sequence.slice()
    const targets = new Int32Array(sequence.length).fill(-1)
    for (const place of asked) {
      targets[place] = sequence[place] ?? 0
      const share = chance()
      if (share < HIDDEN) ids[place] = maskTokenId
      else if (share < HIDDEN + RANDOM) ids[place] = random(vocabulary)
    }
    return { ids, targets }
  }
}
