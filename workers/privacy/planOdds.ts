/** What a plan's promise means for somebody who attacks the prompt. */
import type { PlanOdds, TuningPlan } from '../protocol/tuning.ts'
import { attackBound } from './accountant/attack.ts'
import { epsilonOfGroup } from './accountant/group.ts'
import type { Run } from './accountant/runs.ts'

const FALSE_ALARMS = [0.01, 0.05, 0.1, 0.25] as const
/** Rows of one person in the example of what several rows cost. */
const PERSON_ROWS = 3

/** Null for a plan without privacy, about which there is nothing to promise. */
export function oddsOf(plan: TuningPlan): PlanOdds | null {
  const { privacy, sampleRate, steps, maxRowsPerPerson } = plan
  if (privacy === null) return null
  const { delta, sigma, heldOutSigma, heldOutEvaluations } = privacy
  const train: Run = { sampleRate, sigma, steps }
  const heldOut: Run = { sampleRate: 1, sigma: heldOutSigma, steps: heldOutEvaluations }
  // A unit is trained on or held out: the part that shows more counts.
  const bounds = [attackBound([train], delta), attackBound([heldOut], delta)]
  const epsilon = maxRowsPerPerson === undefined ? personEpsilon(train, heldOut, delta) : Infinity
  return {
    rightGuesses: Math.max(...bounds.map(({ rightGuesses }) => rightGuesses)),
    recognised: FALSE_ALARMS.map((falseAlarms) => ({
      falseAlarms,
      most: Math.max(...bounds.map(({ hitsAt }) => hitsAt(falseAlarms))),
    })),
    person: epsilon < Infinity ? { rows: PERSON_ROWS, epsilon } : null,
  }
}

/** Each of the person's rows is trained on or held out by its own coin: the worst way in which they can fall. */
function personEpsilon(train: Run, heldOut: Run, delta: number): number {
  const ways = Array.from({ length: PERSON_ROWS + 1 }, (_, trained) => [
    { ...train, rows: trained },
    { ...heldOut, rows: PERSON_ROWS - trained },
  ])
  return Math.max(...ways.map((runs) => epsilonOfGroup(runs, delta)))
}
