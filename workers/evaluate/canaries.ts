/**
 * Gradient canaries through the mechanism as it is shipped: the tuner's own step with its sampler, clipping, integer
 * sums, noise and divisor. In place of the model stands a gradient that is known, so a step takes milliseconds.
 */
import type { Engine, TuneBatch, TuneSum } from '../pool/types.ts'
import { SIGNAL } from '../privacy/audit/canaryLaw.ts'
import { addContribution, contributionLength } from '../privacy/contribution.ts'
import { heldOutCoins } from '../privacy/sampler.ts'
import { cryptoRandom } from '../privacy/random.ts'
import { SoftpostError } from '../protocol/errors.ts'
import type { TuningPlan } from '../protocol/tuning.ts'
import { takeStep } from '../tune/step.ts'

export type CanaryPlan = {
  readonly canaries: number
  /** Poisson rate q in (0, 1]. */
  readonly sampleRate: number
  /** Noise multiplier σ. */
  readonly sigma: number
  readonly steps: number
  /** C, in the gradient's units. */
  readonly clipNorm: number
  /** Length of a canary's gradient before it is clipped, in units of C. */
  readonly norm: number
}

export type CanaryRun = {
  readonly plan: CanaryPlan
  /** 1 for a canary that took part: one fair coin each. */
  readonly present: Uint8Array<ArrayBuffer>
  /** Per step, what was released at each canary's coordinate, in units of the sensitivity. */
  readonly released: readonly Float64Array<ArrayBuffer>[]
  /** Per step, the canaries that were sampled. Known here alone: a real run keeps no such list. */
  readonly samples: readonly Uint32Array<ArrayBuffer>[]
}

/** The mechanism: the tuner's step, or one with a fault that a test has put into it. */
export type StepTaker = typeof takeStep

export type CanaryHooks = {
  /** Called after each step; what it returns is awaited, so that a worker can answer, or stop by throwing. */
  onStep(done: number): void | Promise<void>
}

const QUIET: CanaryHooks = { onStep: () => undefined }

/** @throws SoftpostError `privacy-argument` for numbers out of range, and what the hook throws. */
export async function runCanaries(
  plan: CanaryPlan,
  hooks: CanaryHooks = QUIET,
  step: StepTaker = takeStep,
): Promise<CanaryRun> {
  requireSound(plan)
  const { canaries, steps, clipNorm } = plan
  const present = heldOutCoins(canaries, 0.5, cryptoRandom)
  const train = Uint32Array.from([...present.keys()].filter((canary) => present[canary] === 1))
  const engine = new CanaryEngine(clipNorm * plan.norm)
  const tuning = tuningPlan(plan)
  const request = {
    engine,
    plan: tuning,
    labelTokens: [],
    rows: canaryRows(canaries),
    units: { train, rowsOf: (canary: number) => [canary] },
    prompt: new Float32Array(canaries),
    random: cryptoRandom,
  }
  // Back from the mean over the expected batch to units of the sensitivity.
  const unit = (tuning.batchSize / clipNorm) * SIGNAL
  const released: Float64Array<ArrayBuffer>[] = []
  const samples: Uint32Array<ArrayBuffer>[] = []
  for (let done = 1; done <= steps; done += 1) {
    engine.sample = new Uint32Array()
    const { gradient } = await step(request)
    released.push(Float64Array.from(gradient, (value) => value * unit))
    samples.push(engine.sample)
    await hooks.onStep(done)
  }
  return { plan, present, released, samples }
}

/** A row is its own number; its gradient has one value that is not zero. */
class CanaryEngine implements Pick<Engine, 'tune'> {
  readonly #length: number
  /** Canaries of the batches since this was last set. */
  sample = new Uint32Array()

  constructor(length: number) {
    this.#length = length
  }

  async tune({ examples, prompt, contribution }: TuneBatch): Promise<TuneSum> {
    if (contribution.kind !== 'clipped') throw new SoftpostError('internal', 'canaries are for private steps')
    const plan = { size: prompt.length, clipNorm: contribution.clipNorm }
    const sum = new Float64Array(contributionLength(plan))
    const chosen = Uint32Array.from(examples, ({ ids }) => ids[0] ?? 0)
    const gradient = new Float32Array(plan.size)
    for (const canary of chosen) {
      gradient[canary] = this.#length
      addContribution(plan, { gradient, loss: 0, correct: 1 }, sum)
      gradient[canary] = 0
    }
    this.sample = Uint32Array.from([...this.sample, ...chosen])
    return await Promise.resolve({ sum })
  }
}

function canaryRows(canaries: number) {
  const numbers = Array.from({ length: canaries }, (_, canary) => canary)
  return {
    encoded: numbers.map((canary) => ({ ids: Int32Array.of(canary), read: [0], cut: false })),
    labels: new Int32Array(canaries),
    heldOut: new Uint8Array(canaries),
  }
}

/** The step reads rate, divisor, σ and C of it. */
function tuningPlan({ canaries, sampleRate, sigma, steps, clipNorm }: CanaryPlan): TuningPlan {
  return {
    task: { template: '{text}', labels: {}, initText: '' },
    promptLength: 1,
    // Counts the places of all canaries, those left empty as well: a constant, whatever the coins.
    batchSize: sampleRate * canaries,
    sampleRate,
    trainRows: canaries,
    steps,
    learningRate: 0,
    optimizer: 'sgd',
    checkpointEvery: steps,
    privacy: {
      epsilon: Infinity,
      delta: 0,
      sigma,
      clipNorm,
      epsilonPlanned: Infinity,
      heldOutSigma: 0,
      heldOutEvaluations: 0,
      accountant: 'none',
    },
  }
}

function requireSound({ canaries, sampleRate, sigma, steps, clipNorm, norm }: CanaryPlan): void {
  const rules: readonly (readonly [holds: boolean, what: string])[] = [
    [isCount(canaries), `the number of canaries must be a positive whole number, got ${canaries}`],
    [isCount(steps), `the number of steps must be a positive whole number, got ${steps}`],
    [sampleRate > 0 && sampleRate <= 1, `the sampling rate must lie in (0, 1], got ${sampleRate}`],
    [isPositive(sigma), `σ must be a positive number, got ${sigma}`],
    [isPositive(clipNorm), `the clip norm must be a positive number, got ${clipNorm}`],
    [isPositive(norm), `a canary's length must be a positive number, got ${norm}`],
  ]
  for (const [holds, what] of rules) if (!holds) throw new SoftpostError('privacy-argument', what)
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0
}

function isPositive(value: number): boolean {
  return value > 0 && value < Infinity
}
