/** One step's gradient and its point of the curves: with DP from the noised sum alone. */
import type { Engine, TuneBatch } from '../pool/types.ts'
import { contributionLength } from '../privacy/contribution.ts'
import type { RandomSource } from '../privacy/random.ts'
import { StepNoise } from '../privacy/release.ts'
import { poissonSample } from '../privacy/sampler.ts'
import type { PrivacyPlan, TuningPlan } from '../protocol/tuning.ts'
import type { LabelTokens } from '../task/answers.ts'
import type { TuningRows } from './types.ts'
import type { Units } from './grouping.ts'

export type StepRequest = {
  readonly engine: Pick<Engine, 'tune'>
  readonly plan: TuningPlan
  readonly labelTokens: LabelTokens | null
  readonly rows: TuningRows
  readonly units: Pick<Units, 'train' | 'rowsOf'>
  readonly prompt: Float32Array<ArrayBuffer>
  readonly random: RandomSource
}

export type StepResult = {
  readonly gradient: Float32Array<ArrayBuffer>
  /** Null for an empty sample without DP, which has none; with DP every sample has noised ones. */
  readonly curves: { readonly loss: number; readonly accuracy: number; readonly clipped?: number } | null
}

/** A fresh Poisson sample of units, its summed gradients over the expected batch size and, with DP, fresh noise. */
export async function takeStep(request: StepRequest): Promise<StepResult> {
  const { plan, random, units } = request
  const sample = poissonSample(units.train, plan.sampleRate, random)
  return plan.privacy === null ? await plainStep(request, sample) : await privateStep(request, sample, plan.privacy)
}

async function privateStep(
  { engine, plan, random, ...request }: StepRequest,
  sample: Uint32Array,
  { clipNorm, sigma }: PrivacyPlan,
): Promise<StepResult> {
  const contribution = { size: request.prompt.length, clipNorm }
  // Nothing but `release` may look at the sum, and a sum of nothing is released like any other.
  const summing =
    sample.length === 0
      ? Promise.resolve({ sum: new Float64Array(contributionLength(contribution)) })
      : engine.tune(batchOf(request, plan, sample, { kind: 'clipped', clipNorm }))
  // Drawn while the device computes. Should that fail for good, the noise goes without having been added to anything.
  const drawing = handedOver().then(() => new StepNoise(contribution, sigma, random))
  const [{ sum }, noise] = await Promise.all([summing, drawing])
  const { gradient, ...curves } = noise.release(sum, plan.batchSize)
  return { gradient, curves }
}

/** Once the engine has had its turn, and a GPU or a pool has its commands. */
async function handedOver(): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, 0)
  })
}

async function plainStep({ engine, plan, ...request }: StepRequest, sample: Uint32Array): Promise<StepResult> {
  const size = request.prompt.length
  if (sample.length === 0) return { gradient: new Float32Array(size), curves: null }
  const { sum } = await engine.tune(batchOf(request, plan, sample, { kind: 'plain' }))
  return {
    gradient: Float32Array.from(sum.subarray(0, size), (value) => value / plan.batchSize),
    curves: {
      loss: (sum[size] ?? Number.NaN) / sample.length,
      accuracy: (sum[size + 1] ?? Number.NaN) / sample.length,
    },
  }
}

function batchOf(
  { rows, units, labelTokens, prompt }: Pick<StepRequest, 'rows' | 'units' | 'labelTokens' | 'prompt'>,
  { promptLength, maxRowsPerPerson }: TuningPlan,
  sample: Uint32Array,
  contribution: TuneBatch['contribution'],
): TuneBatch {
  const own = Array.from(sample, (unit) => units.rowsOf(unit))
  const chosen = own.flat()
  return {
    slot: 'student',
    prompt,
    promptLength,
    labelTokens,
    examples: chosen.flatMap((row) => rows.encoded[row] ?? []),
    labels: chosen.map((row) => rows.labels[row] ?? 0),
    contribution,
    // A constant of the plan: whether rows are units decides how their sum is formed.
    ...(maxRowsPerPerson === undefined ? {} : { unitSizes: own.map(({ length }) => length) }),
  }
}
