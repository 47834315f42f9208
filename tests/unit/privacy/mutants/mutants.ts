/** The mechanism with one fault each, as implementations get it wrong. */
import { contributionLength, GRID_NORM, isInBall, SCORE_STEPS } from '../../../../workers/privacy/contribution.ts'
import { addRoundedGaussian } from '../../../../workers/privacy/noise.ts'
import { cryptoRandom, type RandomSource } from '../../../../workers/privacy/random.ts'
import { poissonSample } from '../../../../workers/privacy/sampler.ts'
import type { RowResult } from '../../../../workers/privacy/unitSum.ts'
import { unitsOf } from '../../../../workers/tune/grouping.ts'
import type { runTuning } from '../../../../workers/tune/session.ts'
import { takeStep } from '../../../../workers/tune/step.ts'
import { updateState } from '../../../../workers/tune/optimizer.ts'
import { bytesFrom, seededRandom } from '../support.ts'
import type { CheckName } from './battery.ts'
import { assemble, SOUND, type Mechanism, type Parts, type Unit } from './mechanism.ts'

export type Mutant = { readonly fault: string; readonly mechanism: Mechanism; readonly caughtBy: CheckName }

function mutant(fault: string, caughtBy: CheckName, replaced: Partial<Parts>): Mutant {
  return { fault, caughtBy, mechanism: assemble(replaced) }
}

function added(sums: readonly Float64Array[], length: number): Float64Array {
  const total = new Float64Array(length)
  for (const sum of sums) for (const [at, value] of sum.entries()) total[at] = (total[at] ?? 0) + value
  return total
}

/** Order of an epoch, and how far into it the sampler is. */
function shuffler(): Parts['sample'] {
  let epoch: Unit[] = []
  return ({ units, sampleRate, random }) => {
    const size = Math.round(units.length * sampleRate)
    if (epoch.length < size)
      epoch = units
        .map((unit) => ({ unit, key: keyFrom(random) }))
        .sort(byKey)
        .map(({ unit }) => unit)
    return epoch.splice(0, size)
  }
}

function fixedSize({ units, sampleRate, random }: Parameters<Parts['sample']>[0]): Unit[] {
  const keyed = units.map((unit) => ({ unit, key: keyFrom(random) })).sort(byKey)
  return keyed.slice(0, Math.round(units.length * sampleRate)).map(({ unit }) => unit)
}

function keyFrom(random: RandomSource): number {
  return new DataView(bytesFrom(random, new Uint8Array(4)).buffer).getUint32(0)
}

function byKey(a: { readonly key: number }, b: { readonly key: number }): number {
  return a.key - b.key
}

/** Rows by coins of their own; those of a person are put together afterwards. */
const rowsSampled: Parts['sample'] = ({ units, sampleRate, random }) => {
  const numbers = Uint32Array.from(units.flat().keys())
  const chosen = new Set(poissonSample(numbers, sampleRate, random))
  let row = 0
  return units.map((unit) => unit.filter(() => chosen.has(row++))).filter(({ length }) => length > 0)
}

/** Adds up gradients as they are, and clips what comes out of it. */
const clippedAfterwards: Parts['sum'] = (units, plan) => {
  const gradient = new Float32Array(plan.size)
  for (const row of units.flat())
    for (const [at, value] of row.gradient.entries()) gradient[at] = (gradient[at] ?? 0) + value
  return SOUND.sum([[{ gradient, loss: 1, correct: true }]], plan)
}

/** Every row of a person counts as a unit of its own. */
const clippedByRow: Parts['sum'] = (units, plan) =>
  SOUND.sum(
    units.flatMap((unit) => unit.map((row) => [row])),
    plan,
  )

/** Carries what rounding left over to the next unit, as error diffusion does. */
const roundedWithMates: Parts['sum'] = (units, plan) => {
  let carried = 0
  const carrying = (row: RowResult): RowResult => {
    const gradient = row.gradient.map((value) => value + carried)
    carried = ((row.gradient[0] ?? 0) % 1e-4) * (Number.isFinite(row.gradient[0]) ? 1 : 0)
    return { ...row, gradient }
  }
  return SOUND.sum(
    units.map((unit) => unit.map((row) => carrying(row))),
    plan,
  )
}

/** Squares and their sum in 32 bits, as a shader's integers have them. */
const wrapping: typeof isInBall = (gradient, unit, scores, scoreUnit) => {
  let squares = 0
  const add = (value: number) => {
    const k = Math.round(value)
    squares = (squares + Math.imul(k, k)) >>> 0
  }
  for (const score of scores) add(score * scoreUnit)
  for (const value of gradient) add(value * unit)
  return squares <= GRID_NORM ** 2
}

/** Draws again until the batch fits. */
const redrawn: Parts['inRoom'] = (setting, sampled, parts) => {
  const { room = Infinity } = setting
  let batch = sampled
  while (batch.length > room) batch = parts.sample(setting)
  return parts.sum(batch, setting)
}

/** Leaves out a step that does not fit. */
const leftOut: Parts['inRoom'] = (setting, sampled, parts) =>
  parts.sum(sampled.length > (setting.room ?? Infinity) ? [] : sampled, setting)

/** A session that restores its generators from what a life before used. */
function restoring(random: {
  readonly batches: () => RandomSource
  readonly noise: () => RandomSource
}): typeof runTuning {
  return async (job) => {
    const { plan, hooks } = job
    const units = unitsOf(job.rows, undefined)
    const [batches, noise] = [random.batches(), random.noise()]
    let { state, spentSteps } = job
    while (spentSteps < plan.steps) {
      const to = Math.min(spentSteps + plan.checkpointEvery, plan.steps)
      await hooks.reserve(to)
      for (let place = spentSteps; place < to; place += 1) {
        const train = poissonSample(units.train, plan.sampleRate, batches)
        const { gradient, curves } = await takeStep({
          ...job,
          units: { ...units, train },
          // All of those that were drawn above; the divisor stays that of the plan.
          plan: { ...plan, sampleRate: 1 },
          prompt: state.prompt,
          random: noise,
        })
        state = updateState(state, { optimizer: plan.optimizer, learningRate: 0.01, gradient })
        if (curves)
          hooks.onStep(
            { step: place + 1, ...curves, covered: true, epsilon: 1 },
            { examplesPerSecond: 1, secondsLeft: 1 },
          )
      }
      await hooks.checkpoint(state)
      spentSteps = to
    }
    return 'finished'
  }
}

export const MUTANTS: readonly Mutant[] = [
  mutant('noise scaled by the variance', 'the noise of an empty batch has deviation σ', {
    release: (setting, sum, batch) => SOUND.release({ ...setting, sigma: setting.sigma ** 2 }, sum, batch),
  }),
  mutant('5 % too little noise', 'the noise of an empty batch has deviation σ', {
    release: (setting, sum, batch) => SOUND.release({ ...setting, sigma: setting.sigma * 0.95 }, sum, batch),
  }),
  mutant('no noise on an empty batch', 'the noise of an empty batch has deviation σ', {
    release: (setting, sum, batch) =>
      SOUND.release({ ...setting, sigma: batch.units === 0 ? 2 ** -20 : setting.sigma }, sum, batch),
  }),
  mutant('noise of floating-point numbers', 'noise and sums are whole numbers', {
    release: (setting, sum, batch) => {
      const { loss, accuracy, clipped, gradient } = SOUND.release(setting, sum, batch)
      const jitter = () => (keyFrom(setting.random) / 2 ** 32 - 0.5) / SCORE_STEPS / setting.expectedBatch
      return { gradient, loss: loss + jitter(), accuracy: accuracy + jitter(), clipped: clipped + jitter() }
    },
  }),
  mutant('noise for each microbatch', 'noise is added once a step, however many microbatches', {
    release: (setting, sum, batch) => {
      const noised = Float64Array.from(sum)
      for (let more = 1; more < batch.microbatches; more += 1) {
        addRoundedGaussian(noised, setting.sigma * GRID_NORM, setting.random)
      }
      return SOUND.release(setting, noised, batch)
    },
  }),
  mutant('the sum is clipped, not the units', 'no unit adds more than the bound, and each is clipped by itself', {
    sum: clippedAfterwards,
  }),
  mutant('a person is clipped row by row', 'no unit adds more than the bound, and each is clipped by itself', {
    sum: clippedByRow,
  }),
  mutant('no clip at all', 'no unit adds more than the bound, and each is clipped by itself', {
    sum: (units, plan) =>
      added(
        units.map((unit) => SOUND.sum([unit], { ...plan, clipNorm: 1e-30 }).map((value) => 3 * value)),
        contributionLength(plan),
      ),
  }),
  mutant('a norm in 32 bits', 'the check of a norm does not wrap', { isInBall: wrapping }),
  mutant('rounding that follows the mates', 'what a unit adds does not depend on its mates', { sum: roundedWithMates }),
  mutant('divided by the actual batch', 'the divisor is the expected batch, whatever was sampled', {
    release: (setting, sum, batch) =>
      SOUND.release({ ...setting, expectedBatch: Math.max(1, batch.units) }, sum, batch),
  }),
  mutant('shuffled epochs', 'units are sampled by coins of their own', { sample: shuffler() }),
  mutant('batches of one size', 'units are sampled by coins of their own', { sample: fixedSize }),
  mutant('rows are sampled, persons clipped', 'a person is drawn as one, whatever the number of its rows', {
    sample: rowsSampled,
  }),
  mutant('drawn again until it fits', 'a batch for which there is no memory is computed all the same', {
    inRoom: redrawn,
  }),
  mutant('a batch that does not fit is left out', 'a batch for which there is no memory is computed all the same', {
    inRoom: leftOut,
  }),
  mutant('batches come again after a crash', 'what follows a crash takes fresh batches', {
    run: restoring({ batches: () => seededRandom(7), noise: () => cryptoRandom }),
  }),
  mutant('noise comes again after a crash', 'what follows a crash takes fresh noise, and no spent step again', {
    run: restoring({ batches: () => cryptoRandom, noise: () => seededRandom(7) }),
  }),
  mutant('a block that was spent is run again', 'what follows a crash takes fresh noise, and no spent step again', {
    run: (job) => SOUND.run({ ...job, spentSteps: job.state.stepsDone }),
  }),
]
