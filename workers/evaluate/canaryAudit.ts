/** The one-run audit of the shipped mechanism: what guesses about gradient canaries prove about its ε. */
import { epsilonOf } from '../privacy/accountant/accountant.ts'
import { logRatio } from '../privacy/audit/canaryLaw.ts'
import { CONFIDENCE, provenEpsilon } from '../privacy/audit/oneRun.ts'
import type { CanaryAuditReport } from '../protocol/audit.ts'
import { SoftpostError } from '../protocol/errors.ts'
import { takeStep } from '../tune/step.ts'
import { runCanaries, type CanaryHooks, type CanaryPlan, type CanaryRun, type StepTaker } from './canaries.ts'

export type CanaryAuditPlan = CanaryPlan & {
  readonly delta: number
  /** Canaries that are said to have taken part, those of the highest scores; fixed before the run. */
  readonly guesses: number
}

/** In these numbers ε = 2.76. */
export const CANARY_AUDIT: CanaryAuditPlan = {
  canaries: 5_000,
  sampleRate: 0.1,
  sigma: 1.5,
  steps: 60,
  clipNorm: 0.25,
  norm: 100,
  delta: 1e-5,
  guesses: 200,
}

/** @throws SoftpostError `privacy-argument` for numbers out of range, and what the hook throws. */
export async function auditCanaries(
  plan: CanaryAuditPlan,
  hooks: CanaryHooks,
  step: StepTaker = takeStep,
): Promise<CanaryAuditReport> {
  const { canaries, sampleRate, sigma, steps, delta, guesses } = plan
  if (!(delta > 0 && delta < 1)) {
    throw new SoftpostError('privacy-argument', `δ must lie between 0 and 1, got ${delta}`)
  }
  if (!(Number.isSafeInteger(guesses) && guesses > 0 && guesses <= canaries)) {
    throw new SoftpostError('privacy-argument', `guesses must be from 1 to the ${canaries} canaries, got ${guesses}`)
  }
  const run = await runCanaries(plan, hooks, step)
  const correct = mostLikely(run, guesses).filter((canary) => run.present[canary] === 1).length
  return {
    canaries,
    guesses,
    correct,
    epsilonLower: provenEpsilon({ canaries, guesses, correct }, { delta }),
    confidence: CONFIDENCE,
    epsilon: epsilonOf({ sigma, sampleRate, steps, delta }),
    delta,
    sampleRate,
    sigma,
    steps,
  }
}

/** The canaries that most likely took part, by all that was released of them. */
function mostLikely({ plan, released }: CanaryRun, count: number): number[] {
  const ratio = logRatio(plan)
  const scores = new Float64Array(plan.canaries)
  for (const values of released) {
    for (const [canary, value] of values.entries()) scores[canary] = (scores[canary] ?? 0) + ratio(value)
  }
  return [...scores.keys()].sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0)).slice(0, count)
}
