/**
 * The mechanism of a private step as something that can be taken apart: the one that is shipped, and one that is put
 * together from the same parts so that a mutant may replace one of them.
 */
import { recovering } from '../../../../workers/pool/recovering.ts'
import { unitSizesOf, type TuneBatch, type TuneSum } from '../../../../workers/pool/types.ts'
import { contributionLength, isInBall, type ContributionPlan } from '../../../../workers/privacy/contribution.ts'
import type { RandomSource } from '../../../../workers/privacy/random.ts'
import { releaseStep, type StepRelease } from '../../../../workers/privacy/release.ts'
import { poissonSample } from '../../../../workers/privacy/sampler.ts'
import { UnitSum, type RowResult } from '../../../../workers/privacy/unitSum.ts'
import { SoftpostError } from '../../../../workers/protocol/errors.ts'
import { unitsOf } from '../../../../workers/tune/grouping.ts'
import { runTuning } from '../../../../workers/tune/session.ts'
import { takeStep } from '../../../../workers/tune/step.ts'
import { LinearEngine, linearRows, planOf } from '../../tune/support.ts'

/** A unit's rows, whose gradients are known. */
export type Unit = readonly RowResult[]

export type Setting = {
  readonly units: readonly Unit[]
  /** Values of a gradient. */
  readonly size: number
  readonly clipNorm: number
  readonly sigma: number
  readonly sampleRate: number
  /** B. */
  readonly expectedBatch: number
  readonly random: RandomSource
  /** Units for which there is memory. */
  readonly room?: number
}

export type Mechanism = {
  step(setting: Setting): Promise<StepRelease>
  /** The integers that these units add up to, before noise. */
  sum(units: readonly Unit[], plan: ContributionPlan): Float64Array
  readonly isInBall: typeof isInBall
  readonly run: typeof runTuning
}

/** Rows of a microbatch; its noise must not be of its own. */
const MICROBATCH = 4

function sumOfUnits(units: readonly Unit[], plan: ContributionPlan): Float64Array<ArrayBuffer> {
  const sum = new UnitSum(
    plan,
    units.map(({ length }) => length),
  )
  for (const [place, row] of units.flat().entries()) sum.add(place, row)
  return sum.total
}

export const REAL: Mechanism = {
  step: async (setting) => {
    const rows = setting.units.flat()
    const persons = setting.units.flatMap((unit, person) => unit.map(() => person))
    const mostRows = Math.max(1, ...setting.units.map(({ length }) => length))
    const units = unitsOf(
      { heldOut: new Uint8Array(rows.length), persons: Int32Array.from(persons) },
      // A unit of one row is a row.
      mostRows === 1 ? undefined : mostRows,
    )
    const { gradient, curves } = await takeStep({
      engine: recovering(engineOf(rows, setting), () => Promise.resolve(null)),
      plan: planFor(setting),
      labelTokens: [],
      rows: {
        encoded: rows.map((_, row) => ({ ids: Int32Array.of(row), read: [0], cut: false })),
        labels: new Int32Array(rows.length),
        heldOut: new Uint8Array(rows.length),
      },
      units,
      prompt: new Float32Array(setting.size),
      random: setting.random,
    })
    if (curves?.clipped === undefined) throw new Error('a private step has three curve figures')
    return { gradient, loss: curves.loss, accuracy: curves.accuracy, clipped: curves.clipped }
  },
  sum: sumOfUnits,
  isInBall,
  run: runTuning,
}

/** Examples are numbers of rows. */
function engineOf(rows: readonly RowResult[], { size, clipNorm, room = Infinity }: Setting) {
  const tune = async (batch: TuneBatch): Promise<TuneSum> => {
    const sizes = unitSizesOf(batch)
    if (sizes.length > room) throw new SoftpostError('out-of-memory', `there is memory for ${room} units`)
    const sum = new UnitSum({ size, clipNorm }, sizes)
    for (const [place, { ids }] of batch.examples.entries()) {
      const row = rows[ids[0] ?? -1]
      if (row) sum.add(place, row)
    }
    return await Promise.resolve({ sum: sum.total })
  }
  return Object.assign(new LinearEngine(), { tune })
}

const ROWS = linearRows(20)
const PLAN = planOf(ROWS, { budget: { epsilon: 8, delta: 1e-5 }, steps: 1 })

function planFor({ clipNorm, sigma, sampleRate, expectedBatch }: Setting) {
  if (PLAN.privacy === null) throw new Error('planned without DP')
  return { ...PLAN, sampleRate, batchSize: expectedBatch, privacy: { ...PLAN.privacy, sigma, clipNorm } }
}

/** What a step is made of; each may be replaced. */
export type Parts = {
  /** The rows with which the sampled units take part. */
  sample(setting: Setting): readonly Unit[]
  sum(units: readonly Unit[], plan: ContributionPlan): Float64Array
  /** The sum of a batch for which there may be no memory. */
  inRoom(setting: Setting, sampled: readonly Unit[], parts: Parts): Float64Array
  release(
    setting: Setting,
    sum: Float64Array,
    batch: { readonly units: number; readonly microbatches: number },
  ): StepRelease
  isInBall: typeof isInBall
  run: typeof runTuning
}

export const SOUND: Parts = {
  sample: ({ units, sampleRate, random }) => {
    const sample = poissonSample(
      Uint32Array.from(units, (_, unit) => unit),
      sampleRate,
      random,
    )
    return Array.from(sample, (unit) => units[unit] ?? [])
  },
  sum: sumOfUnits,
  inRoom: ({ size, clipNorm, room = Infinity }, sampled, parts) => {
    const total = new Float64Array(contributionLength({ size, clipNorm }))
    for (let from = 0; from < sampled.length; from += Math.min(room, sampled.length)) {
      const part = parts.sum(sampled.slice(from, from + room), { size, clipNorm })
      for (const [at, value] of part.entries()) total[at] = (total[at] ?? 0) + value
    }
    return total
  },
  release: ({ size, clipNorm, sigma, expectedBatch, random }, sum) =>
    releaseStep({ size, clipNorm }, sum, { sigma, expectedBatch, random }),
  isInBall,
  run: runTuning,
}

export function assemble(replaced: Partial<Parts> = {}): Mechanism {
  const parts = { ...SOUND, ...replaced }
  return {
    step: async (setting) => {
      const sampled = parts.sample(setting)
      const sum = parts.inRoom(setting, sampled, parts)
      const batch = { units: sampled.length, microbatches: Math.ceil(sampled.flat().length / MICROBATCH) }
      return await Promise.resolve(parts.release(setting, sum, batch))
    },
    sum: parts.sum,
    isInBall: parts.isInBall,
    run: parts.run,
  }
}
