/** How good guesses about membership are: the curve of found rows over false alarms, and what ε allows of it. */
import type { Estimate, RocPoint } from '../../protocol/audit.ts'
import { SoftpostError } from '../../protocol/errors.ts'
import { type RandomSource, forEachPair } from '../random.ts'
import type { Guess } from './lira.ts'

/** The false alarms at which found rows are counted, as in the literature. */
const LOW_FPR = 0.01
const RESAMPLES = 500
/** Two-sided, 95 %. */
const TAIL = 0.025
const POINTS = 50

/** The largest share of used rows that any attack may find at a rate of false alarms. */
export type Ceiling = (fpr: number) => number

export type GuessFigures = {
  readonly auc: Estimate
  readonly tprAt1: Estimate
  readonly ceilingAt1: number
  readonly lnRatio: Estimate
  readonly roc: readonly RocPoint[]
}

/**
 * Figures of the guesses with bootstrap intervals: rows and prompts are drawn again, since guesses about one row, or
 * about one prompt, are not independent.
 *
 * @param ceilingAt of the prompts; 1 throughout for prompts without differential privacy.
 * @throws SoftpostError `usage` for guesses all of which are about members, or none.
 */
export function judgeGuesses(guesses: readonly Guess[], ceilingAt: Ceiling, random: RandomSource): GuessFigures {
  const sorted = [...guesses].sort((a, b) => b.lnRatio - a.lnRatio)
  const members = sorted.filter(({ isMember }) => isMember).length
  if (members === 0 || members === sorted.length) {
    throw new SoftpostError('usage', 'too few prompts to attack with; use more of them')
  }
  const figures = figuresOf(sorted, () => 1)
  const again = Array.from({ length: RESAMPLES }, () => {
    const rows = resample(1 + Math.max(...sorted.map(({ row }) => row)), random)
    const targets = resample(1 + Math.max(...sorted.map(({ target }) => target)), random)
    return figuresOf(sorted, ({ row, target }) => (rows[row] ?? 0) * (targets[target] ?? 0))
  })
  const estimate = (figure: 'auc' | 'tprAt1' | 'lnRatio'): Estimate => ({
    value: figures[figure],
    ...interval(again.map((each) => each[figure])),
  })
  return {
    auc: estimate('auc'),
    tprAt1: estimate('tprAt1'),
    ceilingAt1: ceilingAt(LOW_FPR),
    lnRatio: estimate('lnRatio'),
    roc: curveOf(sorted, ceilingAt),
  }
}

type Figures = { readonly auc: number; readonly tprAt1: number; readonly lnRatio: number }

/** @param sorted by falling ratio. */
function figuresOf(sorted: readonly Guess[], weightOf: (guess: Guess) => number): Figures {
  let members = 0
  let others = 0
  let ratios = 0
  for (const guess of sorted) {
    const weight = weightOf(guess)
    if (guess.isMember) {
      members += weight
      ratios += weight * guess.lnRatio
    } else others += weight
  }
  let found = 0
  let alarms = 0
  let area = 0
  let tprAt1 = 0
  forEachTie(sorted, weightOf, (ofMembers, ofOthers) => {
    // Within a tie the curve is a straight line.
    area += ofOthers * (found + ofMembers / 2)
    found += ofMembers
    alarms += ofOthers
    if (alarms <= LOW_FPR * others) tprAt1 = found / members
  })
  return { auc: area / (members * others), tprAt1, lnRatio: ratios / members }
}

function curveOf(sorted: readonly Guess[], ceilingAt: Ceiling): RocPoint[] {
  const members = sorted.filter(({ isMember }) => isMember).length
  const others = sorted.length - members
  const points = Array.from({ length: POINTS + 1 }, (_, index) => {
    const fpr = index / POINTS
    return { fpr, tpr: 0, ceiling: ceilingAt(fpr) }
  })
  let found = 0
  let alarms = 0
  forEachTie(
    sorted,
    () => 1,
    (ofMembers, ofOthers) => {
      found += ofMembers
      alarms += ofOthers
      for (const point of points) if (alarms <= point.fpr * others) point.tpr = found / members
    },
  )
  return points
}

/** Visits groups of equal ratios from the highest on, with the weight of members and of others in each. */
function forEachTie(
  sorted: readonly Guess[],
  weightOf: (guess: Guess) => number,
  visit: (members: number, others: number) => void,
): void {
  let members = 0
  let others = 0
  for (const [at, guess] of sorted.entries()) {
    if (guess.isMember) members += weightOf(guess)
    else others += weightOf(guess)
    if (sorted[at + 1]?.lnRatio === guess.lnRatio) continue
    visit(members, others)
    members = 0
    others = 0
  }
}

/** How often each of `count` things comes when as many are drawn with replacement. */
function resample(count: number, random: RandomSource): Uint32Array {
  const times = new Uint32Array(count)
  forEachPair(random, count, (_, high) => {
    const drawn = Math.floor((high / 2 ** 32) * count)
    times[drawn] = (times[drawn] ?? 0) + 1
  })
  return times
}

function interval(values: readonly number[]): { readonly low: number; readonly high: number } {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b)
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN
  return { low: at(TAIL), high: at(1 - TAIL) }
}
