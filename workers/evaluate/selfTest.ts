/** The self-test: is the noise that this device adds what the proof says? Made-up rows alone, no model, no file. */
import { checkCanaries, noiseRatio } from '../privacy/audit/canaryChecks.ts'
import { FALSE_ALARM } from '../privacy/audit/checks.ts'
import { checkNoise } from '../privacy/audit/noiseChecks.ts'
import { GRID_NORM } from '../privacy/contribution.ts'
import { addRoundedGaussian } from '../privacy/noise.ts'
import { cryptoRandom } from '../privacy/random.ts'
import { CHECK_IDS, type Check, type SelfTestReport } from '../protocol/audit.ts'
import { takeStep } from '../tune/step.ts'
import { runCanaries, type CanaryPlan, type StepTaker } from './canaries.ts'

/** None of them 1, so that no factor can hide; their noise is public. */
const PLAN: CanaryPlan = { canaries: 1_000, sampleRate: 0.1, sigma: 1.5, steps: 300, clipNorm: 0.25, norm: 100 }
/** Steps of which none can have an example in its batch. */
const EMPTY_STEPS = 30
/** Draws of the noise by itself, in parts so that progress shows. */
const DRAWS = { parts: 10, each: 100_000 } as const

export type SelfTestHooks = {
  /** `share` from 0 to 1; what it returns is awaited, so that a worker can answer, or stop by throwing. */
  onProgress(share: number): void | Promise<void>
}

/** Of the whole, by time: the mechanism takes so much, the noise by itself the rest. */
const MECHANISM_SHARE = 0.4

export async function runSelfTest(hooks: SelfTestHooks): Promise<SelfTestReport> {
  const mechanism = await testMechanism({ onProgress: (share) => hooks.onProgress(share * MECHANISM_SHARE) })
  const noise = await testNoise({
    onProgress: (share) => hooks.onProgress(MECHANISM_SHARE + share * (1 - MECHANISM_SHARE)),
  })
  const checks = worstOf([...noise, ...mechanism.checks])
  return {
    passed: checks.every(({ passed }) => passed),
    checks,
    falseAlarm: FALSE_ALARM,
    steps: PLAN.steps,
    canaries: PLAN.canaries,
    draws: DRAWS.parts * DRAWS.each,
    noiseRatio: mechanism.noiseRatio,
  }
}

/**
 * Sampling, bounds, sums, noise and divisor together.
 * @param step another than the tuner's own only where a test puts a fault into it.
 */
export async function testMechanism(
  hooks: SelfTestHooks,
  step: StepTaker = takeStep,
): Promise<{ readonly checks: readonly Check[]; readonly noiseRatio: number }> {
  const { sigma, sampleRate, steps } = PLAN
  const total = steps + EMPTY_STEPS
  const run = await runCanaries(PLAN, { onStep: (done) => hooks.onProgress(done / total) }, step)
  const empty = await runCanaries(
    // A rate at which a batch of 1,000 has a member once in 10^12 steps.
    { ...PLAN, sampleRate: 1e-15, steps: EMPTY_STEPS },
    { onStep: (done) => hooks.onProgress((steps + done) / total) },
    step,
  )
  const trace = { ...run, law: { sigma, sampleRate } }
  return { checks: checkCanaries(trace, empty.released), noiseRatio: noiseRatio(trace) }
}

/** Many draws of the noise, at the width that a step uses. */
async function testNoise(hooks: SelfTestHooks): Promise<Check[]> {
  const { parts, each } = DRAWS
  const std = PLAN.sigma * GRID_NORM
  const draws = new Float64Array(parts * each)
  for (let part = 0; part < parts; part += 1) {
    addRoundedGaussian(draws.subarray(part * each, (part + 1) * each), std, cryptoRandom)
    await hooks.onProgress((part + 1) / parts)
  }
  return checkNoise(draws, std)
}

/** One verdict a subject: the noise is looked at by itself and as it is released, and both have to pass. */
function worstOf(checks: readonly Check[]): Check[] {
  return CHECK_IDS.flatMap((id) => {
    const same = checks.filter((check) => check.id === id)
    const [first, ...rest] = same
    return first === undefined ? [] : [rest.reduce((worst, next) => (next.pValue < worst.pValue ? next : worst), first)]
  })
}
