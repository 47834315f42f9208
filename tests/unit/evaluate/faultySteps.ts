/** The tuner's step with one fault each, as an implementation gets it wrong: what audits must catch. */
import type { StepTaker } from '../../../workers/evaluate/canaries.ts'
import type { TuneBatch, TuneSum } from '../../../workers/pool/types.ts'
import { cryptoRandom } from '../../../workers/privacy/random.ts'
import { takeStep, type StepRequest } from '../../../workers/tune/step.ts'
import { bytesFrom, seededRandom } from '../privacy/support.ts'

export function noiseTimes(factor: (sigma: number) => number): StepTaker {
  return async (request) => {
    const { plan } = request
    if (plan.privacy === null) throw new Error('a private plan is needed')
    const privacy = { ...plan.privacy, sigma: plan.privacy.sigma * factor(plan.privacy.sigma) }
    return await takeStep({ ...request, plan: { ...plan, privacy } })
  }
}

/** What the engine adds up is changed on its way. */
function changingSums(change: (sum: TuneSum['sum'], batch: TuneBatch) => TuneSum['sum']): StepTaker {
  return async (request) =>
    await takeStep({
      ...request,
      engine: {
        tune: async (batch) => {
          const { sum } = await request.engine.tune(batch)
          return { sum: change(sum, batch) }
        },
      },
    })
}

/** Each canary's gradient goes into the sum as long as it is. */
export function missingClip(norm: number): StepTaker {
  return changingSums((sum, { prompt }) => sum.map((value, i) => (i < prompt.length ? value * norm : value)))
}

/** The same rows in every step. */
export function repeatedBatches(): StepTaker {
  const first: number[] = []
  return async (request) => {
    if (first.length === 0) first.push(...request.units.train.filter((row) => row % 10 === 0))
    return await takeStep(sampledAs(request, first))
  }
}

/** Epochs of batches of one size: no row comes again before all have come. */
export function shuffledEpochs(): StepTaker {
  let at = 0
  return async (request) => {
    const { plan } = request
    const { train } = request.units
    const size = Math.round(train.length * plan.sampleRate)
    const batch = Array.from({ length: size }, (_, i) => train[(at + i) % train.length] ?? 0)
    at += size
    return await takeStep(sampledAs(request, batch))
  }
}

export const wrongRate: StepTaker = async (request) =>
  await takeStep({ ...request, plan: { ...request.plan, sampleRate: request.plan.sampleRate * 1.1 } })

/** Batches and noise of the step before come again, as after a resume that restores the generator. */
export const repeatedRandom: StepTaker = async (request) => await takeStep({ ...request, random: seededRandom(7) })

export const silentWhenEmpty: StepTaker = async (request) => {
  let isEmpty = true
  const engine = {
    tune: async (batch: TuneBatch) => {
      isEmpty = false
      return await request.engine.tune(batch)
    },
  }
  const result = await takeStep({ ...request, engine })
  return isEmpty ? { ...result, gradient: new Float32Array(result.gradient.length) } : result
}

export const dividedByActualBatch: StepTaker = async (request) => {
  let actual = request.plan.batchSize
  const engine = {
    tune: async (batch: TuneBatch) => {
      actual = batch.examples.length
      return await request.engine.tune(batch)
    },
  }
  const result = await takeStep({ ...request, engine })
  return { ...result, gradient: result.gradient.map((value) => (value * request.plan.batchSize) / actual) }
}

/** Noise of floating-point numbers instead of whole ones, of the right size. */
export const floatNoise: StepTaker = async (request) => {
  const result = await takeStep(request)
  const jitter = new Uint32Array(bytesFrom(cryptoRandom, new Uint8Array(4 * result.gradient.length)).buffer)
  return { ...result, gradient: result.gradient.map((value, i) => value * (1 + ((jitter[i] ?? 0) / 2 ** 32) * 1e-4)) }
}

function sampledAs(request: StepRequest, batch: readonly number[]): StepRequest {
  const { plan, units } = request
  // Rate 1 takes all of them; the divisor stays that of the plan.
  return { ...request, units: { ...units, train: Uint32Array.from(batch) }, plan: { ...plan, sampleRate: 1 } }
}
