import { describe, expect, test } from 'vitest'
import { epsilonOf } from '../../../workers/privacy/accountant/accountant.ts'
import { contributionLength, GRADIENT_STEPS, GRID_NORM } from '../../../workers/privacy/contribution.ts'
import { cryptoRandom } from '../../../workers/privacy/random.ts'
import { betterLook } from '../../../workers/tune/choice.ts'
import { startState } from '../../../workers/tune/optimizer.ts'
import { evaluationSteps } from '../../../workers/tune/schedule.ts'
import { runTuning } from '../../../workers/tune/session.ts'
import { takeStep } from '../../../workers/tune/step.ts'
import { unitsOf } from '../../../workers/tune/grouping.ts'
import { rejectionOf } from '../model/support.ts'
import { seededRandom } from '../privacy/support.ts'
import { jobOf, LinearEngine, linearRows, planOf, Recorder, zeroState } from './support.ts'

const rows = linearRows(100)
const BUDGET = { epsilon: 8, delta: 1e-5 }

/** An engine that fails from its n-th step on, as a tab that is closed does. */
class Failing extends LinearEngine {
  readonly #after: number

  constructor(after: number) {
    super()
    this.#after = after
  }

  override async tune(batch: Parameters<LinearEngine['tune']>[0]): ReturnType<LinearEngine['tune']> {
    if (this.tuned.length >= this.#after) throw new Error('the tab was closed')
    return await super.tune(batch)
  }
}

describe('without DP', () => {
  test('learns what a line separates, and says so in exact figures', async () => {
    const plan = planOf(rows, { steps: 60, learningRate: 0.3, batchSize: 40 })
    const engine = new LinearEngine()
    const hooks = new Recorder(zeroState())
    expect(await runTuning(jobOf(plan, rows, { engine, hooks }), seededRandom(1))).toBe('finished')
    const last = hooks.points.at(-1)
    expect(hooks.points[0]?.loss).toBeCloseTo(Math.log(2), 6)
    expect(last?.loss).toBeLessThan(0.2)
    expect(last).toMatchObject({ step: 60, covered: false, epsilon: null })
    const report = hooks.heldOut.at(-1)
    expect(report).toMatchObject({ step: 60, covered: false })
    expect(report?.accuracy).toBeGreaterThan(0.9)
    expect(report?.confusion.flat().reduce((sum, count) => sum + count, 0)).toBe(20)
  })

  test('samples each row at the rate of the plan and none that is held out', async () => {
    const plan = planOf(rows, { steps: 200, batchSize: 20 })
    const engine = new LinearEngine()
    await runTuning(jobOf(plan, rows, { engine, hooks: new Recorder(zeroState()) }), seededRandom(2))
    const drawn = engine.tuned.flatMap(({ examples }) => examples)
    // 200 batches of 20 expected rows, within five standard deviations.
    expect(Math.abs(drawn.length - 4_000)).toBeLessThan(5 * Math.sqrt(4_000 * 0.75))
    for (const [row, example] of rows.encoded.entries()) {
      const times = drawn.filter((drawn) => drawn === example).length
      if (rows.heldOut[row] === 1) expect(times).toBe(0)
      else expect(Math.abs(times - 50)).toBeLessThan(6 * Math.sqrt(50 * 0.75))
    }
    expect(new Set(engine.tuned.map(({ examples }) => examples.length)).size).toBeGreaterThan(5)
  })

  test('ends with the last prompt, and keeps the one that did better before', async () => {
    class Misled extends LinearEngine {
      override async tune(batch: Parameters<LinearEngine['tune']>[0]): ReturnType<LinearEngine['tune']> {
        const { sum } = await super.tune(batch)
        return { sum: sum.map((value) => -value) }
      }
    }
    const plan = planOf(rows, { steps: 20, learningRate: 0.3, batchSize: 40, checkpointEvery: 5 })
    const start = startState(Float32Array.of(1, -1, 0, -1, 1, 0.5))
    const hooks = new Recorder(start)
    expect(await runTuning(jobOf(plan, rows, { engine: new Misled(), hooks }), seededRandom(4))).toBe('finished')
    expect(hooks.heldOut.map(({ step }) => step)).toEqual([0, 3, 5, 7, 9, 12, 14, 16, 18, 20])
    expect(hooks.state.prompt).not.toEqual(start.prompt)
    const better = betterLook(hooks.state)
    expect(better?.report).toEqual(hooks.heldOut[0])
    expect(better?.prompt).toEqual(start.prompt)
  })

  test('stops at a prompt that is no number', async () => {
    class Broken extends LinearEngine {
      override async tune(batch: Parameters<LinearEngine['tune']>[0]): ReturnType<LinearEngine['tune']> {
        const { sum } = await super.tune(batch)
        return { sum: this.tuned.length > 7 ? sum.fill(Number.NaN) : sum }
      }
    }
    const hooks = new Recorder(zeroState())
    const plan = planOf(rows, { steps: 20, checkpointEvery: 3 })
    await rejectionOf('non-finite', runTuning(jobOf(plan, rows, { engine: new Broken(), hooks }), seededRandom(3)))
    expect(hooks.state.stepsDone).toBe(6)
    expect(hooks.state.prompt.every(Number.isFinite)).toBe(true)
    expect(hooks.spent).toBe(9)
  })
})

describe('with DP', () => {
  test('learns under the noise of a large ε, in figures that carry noise', async () => {
    const many = linearRows(2_000)
    const plan = planOf(many, { budget: { epsilon: 50, delta: 1e-5 }, steps: 60, learningRate: 0.3, clipNorm: 1 })
    const engine = new LinearEngine()
    const hooks = new Recorder(zeroState())
    expect(await runTuning(jobOf(plan, many, { engine, hooks }))).toBe('finished')
    expect(hooks.heldOut.at(-1)?.accuracy).toBeGreaterThan(0.85)
    expect(hooks.points.every(({ covered }) => covered)).toBe(true)
    // Exact mean losses would all be what the recorded batches give.
    expect(hooks.points[0]?.loss).not.toBe(Math.log(2))
    expect(hooks.points.at(-1)?.epsilon).toBe(plan.privacy?.epsilonPlanned)
    expect(engine.tuned.every(({ contribution }) => contribution.kind === 'clipped')).toBe(true)
  })

  test('takes no randomness but the CSPRNG', async () => {
    const plan = planOf(rows, { budget: BUDGET })
    const hooks = new Recorder(zeroState())
    await rejectionOf('internal', runTuning(jobOf(plan, rows, { engine: new LinearEngine(), hooks }), seededRandom(1)))
    expect(hooks.log).toEqual([])
  })

  test('divides by the expected batch, whatever was sampled', async () => {
    const plan = planOf(rows, { budget: { epsilon: 1e4, delta: 1e-3 }, batchSize: 2, steps: 1, clipNorm: 1 })
    if (plan.privacy === null) throw new Error('planned without DP')
    const sizes = new Set<number>()
    for (let trial = 0; trial < 30; trial++) {
      const engine = new LinearEngine()
      const units = { ...unitsOf(rows, undefined), train: Uint32Array.of(1, 2, 3, 4) }
      const prompt = zeroState().prompt
      const { gradient } = await takeStep({
        ...jobOf({ ...plan, sampleRate: 0.5 }, rows, { engine, hooks: new Recorder(zeroState()) }),
        units,
        prompt,
        random: cryptoRandom,
      })
      const batch = engine.tuned[0]
      sizes.add(batch?.examples.length ?? 0)
      const exact = batch
        ? (await engine.tune(batch)).sum
        : new Float64Array(contributionLength({ size: 6, clipNorm: 1 }))
      const deviation = plan.privacy.sigma / plan.batchSize
      for (const [index, value] of gradient.entries()) {
        expect(Math.abs(value - (exact[index] ?? 0) / GRADIENT_STEPS / 2)).toBeLessThan(7 * deviation * 1.02)
      }
    }
    expect(sizes.size).toBeGreaterThan(2)
  })

  test('an empty sample releases noise of the planned size and counts', async () => {
    const plan = planOf(rows, { budget: BUDGET, steps: 400, batchSize: 1 })
    const engine = new LinearEngine()
    const hooks = new Recorder(zeroState())
    await runTuning(jobOf(plan, rows, { engine, hooks }))
    // An eightieth of the rows at a time: a third of the samples is empty, and no engine hears of them.
    expect(engine.tuned.length).toBeLessThan(330)
    expect(engine.tuned.every(({ examples }) => examples.length > 0)).toBe(true)
    expect(hooks.points).toHaveLength(400)
    expect(hooks.state.stepsDone).toBe(400)

    const { gradient } = await takeStep({
      ...jobOf(plan, rows, { engine: new Failing(0), hooks }),
      units: { ...unitsOf(rows, undefined), train: new Uint32Array(0) },
      prompt: new Float32Array(2_000),
      random: cryptoRandom,
    })
    const { sigma = 0, clipNorm = 0 } = plan.privacy ?? {}
    const deviation = (sigma * clipNorm * GRID_NORM) / GRADIENT_STEPS
    const variance = gradient.reduce((sum, value) => sum + value * value, 0) / gradient.length
    // The variance of 2,000 normal values lies within 6 · √(2/2000) of its mean.
    expect(Math.abs(variance / deviation ** 2 - 1)).toBeLessThan(0.19)
  })

  test('says ε of all that is reserved, at most that of the plan', async () => {
    const plan = planOf(rows, { budget: BUDGET, steps: 10, checkpointEvery: 4, batchSize: 8 })
    const hooks = new Recorder(zeroState())
    await runTuning(jobOf(plan, rows, { engine: new LinearEngine(), hooks }))
    const { sigma = 0, delta = 0, heldOutSigma = 0, epsilonPlanned = 0 } = plan.privacy ?? {}
    const reserved = [4, 4, 4, 4, 8, 8, 8, 8, 10, 10]
    for (const [index, { epsilon }] of hooks.points.entries()) {
      const steps = reserved[index] ?? 0
      const looks = [...evaluationSteps(plan)].filter((place) => Math.max(1, place) <= steps).length
      const train = epsilonOf({ sigma, sampleRate: plan.sampleRate, steps, delta })
      const heldOut = epsilonOf({ sigma: heldOutSigma, sampleRate: 1, steps: looks, delta })
      expect(Math.abs((epsilon ?? Number.NaN) - Math.max(train, heldOut))).toBeLessThan(1e-3)
      expect(epsilon).toBeLessThanOrEqual(epsilonPlanned)
    }
  })
})

describe('with persons as the units', () => {
  // Each person has seven rows, and all of them lie on the same side.
  const crowd = linearRows(700, (row) => Math.floor(row / 7) % 4 === 0)
  const owned = { ...crowd, persons: Int32Array.from(crowd.heldOut, (_, row) => Math.floor(row / 7)) }

  test('plans for persons, draws them whole and lets each count once', async () => {
    const plan = planOf(owned, { budget: BUDGET, steps: 60, batchSize: 15, maxRowsPerPerson: 3 })
    expect(plan).toMatchObject({ trainRows: 75, sampleRate: 0.2, maxRowsPerPerson: 3 })
    const engine = new LinearEngine()
    const hooks = new Recorder(zeroState())
    expect(await runTuning(jobOf(plan, owned, { engine, hooks }))).toBe('finished')
    const drawn = new Map<number, number>()
    for (const { examples, unitSizes } of engine.tuned) {
      expect(unitSizes?.every((size) => size === 3)).toBe(true)
      const rows = examples.map((example) => owned.encoded.indexOf(example))
      for (let at = 0; at < rows.length; at += 3) {
        const person = (rows[at] ?? 0) / 7
        // The first three rows of one person, in the file's order.
        expect(rows.slice(at, at + 3)).toEqual([7 * person, 7 * person + 1, 7 * person + 2])
        expect(person % 4).not.toBe(0)
        drawn.set(person, (drawn.get(person) ?? 0) + 1)
      }
    }
    const total = [...drawn.values()].reduce((sum, times) => sum + times, 0)
    // 60 draws of 15 expected persons, within five standard deviations.
    expect(Math.abs(total - 900)).toBeLessThan(5 * Math.sqrt(900 * 0.8))
  })

  test('measures on held-out persons, in shares of persons', async () => {
    const plan = planOf(owned, { budget: { epsilon: 1e4, delta: 1e-3 }, steps: 2, batchSize: 15, maxRowsPerPerson: 3 })
    const hooks = new Recorder(zeroState())
    await runTuning(jobOf(plan, owned, { engine: new LinearEngine(), hooks }))
    const counts = hooks.heldOut.at(-1)?.confusion.flat() ?? []
    // 25 persons, not 75 rows; the noise of so large an ε is below one person.
    expect(Math.abs(counts.reduce((sum, count) => sum + count, 0) - 25)).toBeLessThan(4)
  })
})

describe('the budget', () => {
  test('is spent durably before a block is sampled, and the block saved after', async () => {
    const plan = planOf(rows, { budget: BUDGET, steps: 5, checkpointEvery: 2, batchSize: 20 })
    const hooks = new Recorder(zeroState())
    class Logging extends LinearEngine {
      override async tune(batch: Parameters<LinearEngine['tune']>[0]): ReturnType<LinearEngine['tune']> {
        hooks.log.push('tune')
        return await super.tune(batch)
      }
    }
    await runTuning(jobOf(plan, rows, { engine: new Logging(), hooks }))
    const log = hooks.log.filter((entry) => !entry.startsWith('held-out'))
    expect(log.join(', ')).toBe(
      [
        'reserve 2, reserved 2, tune, step 1, tune, step 2, checkpoint 2',
        'reserve 4, reserved 4, tune, step 3, tune, step 4, checkpoint 4',
        'reserve 5, reserved 5, tune, step 5, checkpoint 5',
      ].join(', '),
    )
  })

  test('is not touched when it cannot be recorded', async () => {
    const plan = planOf(rows, { budget: BUDGET, steps: 5 })
    const engine = new LinearEngine()
    class Full extends Recorder {
      override async reserve(): Promise<void> {
        throw new Error('the disk is full')
      }
    }
    await expect(runTuning(jobOf(plan, rows, { engine, hooks: new Full(zeroState()) }))).rejects.toThrow('disk is full')
    expect(engine.tuned).toEqual([])
  })

  test.each([1, 3, 4, 6])('stays spent after a crash in blocks of %i; what is left is run', async (checkpointEvery) => {
    const plan = planOf(rows, { budget: BUDGET, steps: 12, checkpointEvery, batchSize: 40 })
    const hooks = new Recorder(zeroState())
    let lives = 0
    let taken = 0
    for (;;) {
      lives++
      // Each life ends in its second step at the earliest, until no step is left.
      const engine = new Failing(2)
      const before = hooks.spent
      const end = await runTuning(jobOf(plan, rows, { engine, hooks })).catch(() => 'crashed' as const)
      taken += engine.tuned.length
      expect(hooks.spent).toBeGreaterThanOrEqual(before)
      expect(hooks.spent).toBeLessThanOrEqual(12)
      expect(hooks.state.stepsDone).toBeLessThanOrEqual(hooks.spent)
      if (end === 'finished') break
      expect(end).toBe('crashed')
    }
    expect(lives).toBeGreaterThan(1)
    expect(taken).toBeLessThanOrEqual(12)
    expect(hooks.spent).toBe(12)
    const steps = hooks.points.map(({ step }) => step)
    expect(new Set(steps).size).toBe(steps.length)
    // Blocks that one life can finish are kept.
    expect(hooks.state.stepsDone).toBe(checkpointEvery === 1 ? 8 : 0)
  })

  test('of the held-out counts is kept over crashes and resumes', async () => {
    const many = linearRows(400)
    const plan = planOf(many, { budget: BUDGET, steps: 20, checkpointEvery: 3, batchSize: 80 })
    const budgeted = plan.privacy?.heldOutEvaluations ?? 0
    expect(budgeted).toBeGreaterThan(1)
    for (const after of [1, 2, 4, 5]) {
      const hooks = new Recorder(zeroState())
      let looks = 0
      for (let end = ''; end !== 'finished';) {
        const engine = new Failing(after)
        end = await runTuning(jobOf(plan, many, { engine, hooks })).catch(() => 'crashed')
        looks += engine.classified
      }
      expect(looks).toBeLessThanOrEqual(budgeted)
      expect(new Set(hooks.heldOut.map(({ step }) => step)).size).toBe(hooks.heldOut.length)
    }
  })

  test('takes fresh batches and fresh noise after a crash', async () => {
    const plan = planOf(rows, { budget: BUDGET, steps: 12, checkpointEvery: 6, batchSize: 40 })
    const prompts = new Set<string>()
    const samples = new Set<string>()
    for (let life = 0; life < 3; life++) {
      const hooks = new Recorder(zeroState())
      const engine = new LinearEngine()
      hooks.wishes = Array.from({ length: 6 }, () => 'go')
      hooks.wishes.push('stop')
      expect(await runTuning(jobOf(plan, rows, { engine, hooks }))).toBe('stopped')
      prompts.add(hooks.state.prompt.join())
      samples.add(engine.tuned.map(({ examples }) => examples.map((e) => rows.encoded.indexOf(e)).join()).join(';'))
    }
    expect(prompts.size).toBe(3)
    expect(samples.size).toBe(3)
  })
})

describe('a wish', () => {
  const plan = planOf(rows, { budget: BUDGET, steps: 10, checkpointEvery: 4, batchSize: 40 })

  test('before the first block spends nothing', async () => {
    const hooks = new Recorder(zeroState())
    hooks.wishes = ['pause']
    expect(await runTuning(jobOf(plan, rows, { engine: new LinearEngine(), hooks }))).toBe('paused')
    expect(hooks.log).toEqual([])
  })

  test.each(['pause', 'stop'] as const)('to %s ends the block at its last finished step', async (wish) => {
    const hooks = new Recorder(zeroState())
    hooks.wishes = ['go', 'go', wish, wish]
    const end = await runTuning(jobOf(plan, rows, { engine: new LinearEngine(), hooks }))
    expect(end).toBe(wish === 'pause' ? 'paused' : 'stopped')
    expect(hooks.state.stepsDone).toBe(2)
    expect(hooks.spent).toBe(4)
    expect(await runTuning(jobOf(plan, rows, { engine: new LinearEngine(), hooks }))).toBe('finished')
    expect(hooks.points.map(({ step }) => step)).toEqual([1, 2, 5, 6, 7, 8, 9, 10])
    expect(hooks.state.stepsDone).toBe(8)
    expect(hooks.spent).toBe(10)
  })
})

describe('refuses to begin', () => {
  test('with rows that are not those of the plan, or steps that were never spent', async () => {
    const plan = planOf(rows, { steps: 3 })
    const other = linearRows(90)
    const hooks = new Recorder(zeroState())
    await rejectionOf('internal', runTuning(jobOf(plan, other, { engine: new LinearEngine(), hooks }), seededRandom(1)))
    hooks.state = { ...zeroState(), stepsDone: 2 }
    await rejectionOf('internal', runTuning(jobOf(plan, rows, { engine: new LinearEngine(), hooks }), seededRandom(1)))
    expect(hooks.log).toEqual([])
  })
})
