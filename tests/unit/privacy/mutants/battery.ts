/**
 * What a sound mechanism does, as checks that take any mechanism. Each is run at σ, C and B other than 1, so that no
 * factor can hide. Chance fails a sound one less than once in a million runs; with a seed it never does.
 */
import { dispersionScore, meanScore, varianceScore } from '../../../../workers/privacy/audit/statistics.ts'
import {
  contributionLength,
  GRADIENT_STEPS,
  GRID_NORM,
  LOSS_BOUND,
  SCORE_STEPS,
} from '../../../../workers/privacy/contribution.ts'
import type { RowResult } from '../../../../workers/privacy/unitSum.ts'
import { jobOf, LinearEngine, linearRows, planOf, Recorder, zeroState } from '../../tune/support.ts'
import { seededRandom } from '../support.ts'
import type { Mechanism, Setting, Unit } from './mechanism.ts'

const SIGMA = 1.7
const CLIP_NORM = 0.3
/** So little noise that a unit's share can be read off. */
const FAINT = 2 ** -10
const SURE = 5

function rowOf(size: number, values: Readonly<Record<number, number>>): RowResult {
  const gradient = new Float32Array(size)
  for (const [at, value] of Object.entries(values)) gradient[Number(at)] = value
  return { gradient, loss: 1, correct: true }
}

/** Each unit has a coordinate of its own, and `rows` equal rows. */
function unitsWithPlaces(count: number, rows = 1): Unit[] {
  return Array.from({ length: count }, (_, unit) =>
    Array.from({ length: rows }, () => rowOf(count, { [unit]: 9 * CLIP_NORM })),
  )
}

/** Which units of {@link unitsWithPlaces} took part. */
async function membersOf(mechanism: Mechanism, setting: Setting): Promise<number[]> {
  const { gradient } = await mechanism.step(setting)
  const half = CLIP_NORM / setting.expectedBatch / 2
  return [...gradient.keys()].filter((unit) => (gradient[unit] ?? 0) > half)
}

/** z of the noise on the gradient of units that say nothing. */
async function noiseScore(mechanism: Mechanism, units: number): Promise<number> {
  const size = 20_000
  const expectedBatch = 24
  const silent = Array.from({ length: units }, () => [rowOf(size, {})])
  const { gradient } = await mechanism.step({
    units: silent,
    size,
    clipNorm: CLIP_NORM,
    sigma: SIGMA,
    sampleRate: 1,
    expectedBatch,
    random: seededRandom(1),
  })
  const deviation = (SIGMA * CLIP_NORM * GRID_NORM) / GRADIENT_STEPS / expectedBatch
  return varianceScore(Float64Array.from(gradient), deviation ** 2)
}

async function sizesOf(mechanism: Mechanism, room: number, steps: number): Promise<Float64Array> {
  const count = 40
  const random = seededRandom(2)
  const sizes: number[] = []
  for (let step = 0; step < steps; step += 1) {
    const members = await membersOf(mechanism, {
      units: unitsWithPlaces(count),
      size: count,
      clipNorm: CLIP_NORM,
      sigma: FAINT,
      sampleRate: 0.25,
      expectedBatch: 10,
      random,
      room,
    })
    sizes.push(members.length)
  }
  return Float64Array.from(sizes)
}

function squaredNorm(values: Float64Array): bigint {
  return values.reduce((sum, value) => sum + BigInt(value) ** 2n, 0n)
}

/** Gradients that somebody may have put into a file, and what rounds in every way. */
const HOSTILE: readonly Readonly<Record<number, number>>[] = [
  { 0: 1e38, 5: -1e38 },
  { 3: Number.NaN },
  { 2: Infinity, 4: 1 },
  { 1: 1.401298464324817e-45 },
  Object.fromEntries(Array.from({ length: 16 }, (_, at) => [at, CLIP_NORM])),
  Object.fromEntries(Array.from({ length: 16 }, (_, at) => [at, (CLIP_NORM * (at + 0.5)) / GRADIENT_STEPS])),
  Object.fromEntries(Array.from({ length: 16 }, (_, at) => [at, CLIP_NORM / 7 + at / 1e3])),
]

export const BATTERY = {
  'the noise of an empty batch has deviation σ': async (mechanism) => {
    return Math.abs(await noiseScore(mechanism, 0)) < SURE
  },

  'noise is added once a step, however many microbatches': async (mechanism) => {
    return Math.abs(await noiseScore(mechanism, 40)) < SURE
  },

  'noise and sums are whole numbers': async (mechanism) => {
    const expectedBatch = 7
    const units = Array.from({ length: 9 }, (_, index) => [{ ...rowOf(4, { 0: 0.01 * index }), loss: index / 3 }])
    const { loss, accuracy, clipped } = await mechanism.step({
      units,
      size: 4,
      clipNorm: CLIP_NORM,
      sigma: SIGMA,
      sampleRate: 0.5,
      expectedBatch,
      random: seededRandom(6),
    })
    // Back to steps of the grid, in doubles all the way.
    const steps = [loss / LOSS_BOUND, accuracy, clipped].map((figure) => (figure - 0.5) * expectedBatch * SCORE_STEPS)
    return steps.every((step) => Math.abs(step - Math.round(step)) < 1e-6)
  },

  'no unit adds more than the bound, and each is clipped by itself': async (mechanism) => {
    const plan = { size: 16, clipNorm: CLIP_NORM }
    const hostile = HOSTILE.map((values) => [rowOf(16, values)])
    const crowd: Unit = Array.from({ length: 6 }, () => rowOf(16, { 0: 1e3 }))
    const bounded = [...hostile, crowd].every((unit) => {
      const sum = mechanism.sum([unit], plan)
      return sum.every(Number.isSafeInteger) && squaredNorm(sum) <= BigInt(GRID_NORM) ** 2n
    })
    // Ten long gradients that agree are ten times as long as one.
    const ten = mechanism.sum(
      Array.from({ length: 10 }, () => [rowOf(16, { 0: 1e3 })]),
      plan,
    )
    return bounded && Math.abs((ten[0] ?? 0) / GRADIENT_STEPS - 10) < 0.01
  },

  'the check of a norm does not wrap': async ({ isInBall }) => {
    const isRefused = (...values: number[]) => !isInBall(Float32Array.from(values), 1, [0, 0, 0], 1)
    const full = Array.from({ length: 16 }, () => GRID_NORM)
    return (
      isRefused(...full) &&
      isRefused(2 ** 16) &&
      isRefused(2 ** 31) &&
      isRefused(GRID_NORM, 1) &&
      isRefused(Number.NaN) &&
      isInBall(Float32Array.of(GRID_NORM), 1, [0, 0, 0], 1)
    )
  },

  'what a unit adds does not depend on its mates': async (mechanism) => {
    const plan = { size: 16, clipNorm: CLIP_NORM }
    const units = [...HOSTILE, ...HOSTILE.toReversed()].map((values, index) =>
      Array.from({ length: 1 + (index % 3) }, (_, row) => rowOf(16, { ...values, [row]: 0.011 * index })),
    )
    const alone = new Float64Array(contributionLength(plan))
    for (const unit of units) {
      for (const [at, value] of mechanism.sum([unit], plan).entries()) alone[at] = (alone[at] ?? 0) + value
    }
    const isSame = (sum: Float64Array) => alone.every((value, at) => value === sum[at])
    return isSame(mechanism.sum(units, plan)) && isSame(mechanism.sum(units.toReversed(), plan))
  },

  'the divisor is the expected batch, whatever was sampled': async (mechanism) => {
    const count = 400
    const units = Array.from({ length: count }, () => [rowOf(1, { 0: CLIP_NORM / 2 })])
    const random = seededRandom(3)
    const seen: number[] = []
    for (let step = 0; step < 200; step += 1) {
      const { gradient } = await mechanism.step({
        units,
        size: 1,
        clipNorm: CLIP_NORM,
        sigma: FAINT,
        sampleRate: 0.25,
        expectedBatch: 60,
        random,
      })
      seen.push(((gradient[0] ?? 0) * 60) / (CLIP_NORM / 2))
    }
    // As many as were sampled: binomial around 100, not 60, with all its spread.
    const [mean, variance] = [count * 0.25, count * 0.25 * 0.75]
    const squares = seen.reduce((sum, value) => sum + (value - mean) ** 2 / variance, 0) / seen.length
    return (
      Math.abs(meanScore(Float64Array.from(seen), { mean, variance })) < SURE &&
      Math.abs(dispersionScore(squares, { count: seen.length })) < SURE
    )
  },

  'units are sampled by coins of their own': async (mechanism) => {
    const [count, q, steps] = [30, 0.2, 600]
    const random = seededRandom(4)
    let before = new Set<number>()
    let repeated = 0
    let pairs = 0
    let squares = 0
    for (let step = 0; step < steps; step += 1) {
      const members = await membersOf(mechanism, {
        units: unitsWithPlaces(count),
        size: count,
        clipNorm: CLIP_NORM,
        sigma: FAINT,
        sampleRate: q,
        expectedBatch: 6,
        random,
      })
      repeated += members.filter((unit) => before.has(unit)).length
      pairs += (members.length * (members.length - 1)) / 2
      squares += (members.length - count * q) ** 2 / (count * q * (1 - q)) / steps
      before = new Set(members)
    }
    const [n, r] = [steps * count, steps * (count * (count - 1)) * 0.5]
    // Pairs of one step share units, so their number spreads about as the square of the batch's size does.
    const pairSpread = Math.sqrt(steps * count * q * (1 - q)) * count * q
    return (
      Math.abs(repeated - n * q * q) < SURE * Math.sqrt(n * q * q) &&
      Math.abs(pairs - r * q * q) < SURE * pairSpread &&
      Math.abs(dispersionScore(squares, { count: steps })) < SURE
    )
  },

  'a person is drawn as one, whatever the number of its rows': async (mechanism) => {
    const [count, q, steps] = [20, 0.1, 400]
    const random = seededRandom(5)
    let drawn = 0
    for (let step = 0; step < steps; step += 1) {
      const members = await membersOf(mechanism, {
        units: unitsWithPlaces(count, 5),
        size: count,
        clipNorm: CLIP_NORM,
        sigma: FAINT,
        sampleRate: q,
        expectedBatch: 2,
        random,
      })
      drawn += members.length
    }
    const trials = steps * count
    return Math.abs(drawn - trials * q) < SURE * Math.sqrt(trials * q * (1 - q))
  },

  'a batch for which there is no memory is computed all the same': async (mechanism) => {
    const sizes = await sizesOf(mechanism, 11, 800)
    return Math.abs(meanScore(sizes, { mean: 10, variance: 7.5 })) < SURE && sizes.some((size) => size > 16)
  },

  'what follows a crash takes fresh batches': async ({ run }) => {
    const samples = await livesOf(run, 0.5)
    return samples.batches.length > 12 && new Set(samples.batches).size === samples.batches.length
  },

  'what follows a crash takes fresh noise, and no spent step again': async ({ run }) => {
    // No batch has a member, so the curves are noise and nothing else.
    const { points, steps } = await livesOf(run, 1e-15)
    return points.length > 12 && new Set(points).size === points.length && new Set(steps).size === steps.length
  },
} satisfies Record<string, (mechanism: Mechanism) => Promise<boolean>>

export type CheckName = keyof typeof BATTERY

/** Checks that the mechanism does not pass. */
export async function faultsOf(mechanism: Mechanism): Promise<CheckName[]> {
  const names = Object.keys(BATTERY) as CheckName[]
  const passed = await Promise.all(names.map((name) => BATTERY[name](mechanism)))
  return names.filter((_, index) => passed[index] === false)
}

const ROWS = linearRows(100)

/** A run of 24 steps that is cut off twice in mid-block and goes on from what is stored. */
async function livesOf(run: Mechanism['run'], sampleRate: number) {
  const plan = { ...planOf(ROWS, { budget: { epsilon: 8, delta: 1e-5 }, steps: 24, checkpointEvery: 4 }), sampleRate }
  const hooks = new Recorder(zeroState())
  const batches: string[] = []
  for (const steps of [6, 6, Infinity]) {
    const engine = new LinearEngine()
    let left = steps
    class CutOff extends Error {}
    hooks.onStep = (point) => {
      hooks.points.push(point)
      left -= 1
      if (left === 0) throw new CutOff()
    }
    await run(jobOf(plan, ROWS, { engine, hooks })).catch((error: unknown) => {
      if (!(error instanceof CutOff)) throw error
    })
    batches.push(...engine.tuned.map(({ examples }) => examples.map((row) => ROWS.encoded.indexOf(row)).join()))
  }
  return {
    batches,
    points: hooks.points.map(({ loss, accuracy, clipped }) => [loss, accuracy, clipped].join()),
    steps: hooks.points.map(({ step }) => step),
  }
}
