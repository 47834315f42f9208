/** Runs that are cut short and go on, that measure themselves, and that end when nothing gets better. */
import { describe, expect, test } from 'vitest'
import { readCheckpoint, startOfRun, writeCheckpoint, type DistillState } from '../../../workers/distill/checkpoint.ts'
import { Corpus } from '../../../workers/distill/corpus.ts'
import { watchPlateau, NO_PLATEAU } from '../../../workers/distill/plateau.ts'
import { runDistillation, type DistillRecord, type DistillSettings } from '../../../workers/distill/run.ts'
import type { Distiller } from '../../../workers/distill/types.ts'
import { errorOf, rejectionOf } from '../model/support.ts'

const SIZE = 40
const settings: DistillSettings = {
  weights: { ce: 5, lm: 2, cos: 1 },
  temperature: 2,
  learningRate: 0.1,
  clipNorm: 5,
  batchSize: 4,
  end: { steps: 20 },
  validateEvery: 4,
  patience: null,
  checkpointEvery: 3,
  milestones: [],
}
const SETTINGS = { seed: 1, layers: [0, 5] }

/** A gradient that depends on values and texts alike, so that one wrong number or text changes all that follows. */
const distiller: Distiller = {
  gradient: async ({ values, batches }) => {
    const pull = batches.reduce((sum, { ids }) => sum + ids.reduce((total, id) => total + id, 0), 0)
    const gradient = values.map((value, at) => Math.fround(value - Math.sin(pull + at)))
    return { gradient, terms: { ce: Math.abs(values[0] ?? 0), lm: pull, cos: 0.5 } }
  },
  validate: () => Promise.reject(new Error('the run measures through `measure`')),
}

const newCorpus = () =>
  new Corpus([{ source: { size: 30, read: async (place) => 'x'.repeat(3 + place) }, times: 1 }], {
    encode: (text) => Array.from(text, (_, at) => at * text.length),
    sequence: 6,
    seed: 3,
  })

type Options = Partial<DistillSettings> & { killAt?: number; perplexity?: (steps: number) => number }

type Kept = {
  checkpoint: Uint8Array<ArrayBuffer> | null
  readonly records: DistillRecord[]
  readonly milestones: Map<number, Float32Array>
}

/** Runs until the end, or until the step `killAt`, from what was kept. */
async function run(kept: Kept, { killAt, perplexity = (steps) => 100 - steps, ...more }: Options = {}) {
  const from: DistillState =
    kept.checkpoint === null ? startOfRun(new Float32Array(SIZE)) : readCheckpoint(kept.checkpoint, SETTINGS)
  kept.records.splice(0, Infinity, ...kept.records.filter(({ step }) => step <= from.steps && kept.checkpoint !== null))
  return await runDistillation({
    distiller,
    from,
    corpus: newCorpus(),
    masking: null,
    settings: { ...settings, ...more },
    measure: async () => {
      const steps = kept.records.at(-1)?.step ?? 0
      return { perplexity: perplexity(steps), teacherPerplexity: 10, agreement: 0.5 }
    },
    onProgress: ({ steps }) => {
      if (steps === killAt) throw new Error('killed')
    },
    record: async (record) => void kept.records.push(record),
    save: async (state) => void (kept.checkpoint = writeCheckpoint(state, SETTINGS)),
    keep: async ({ steps, values }) => void kept.milestones.set(steps, values.slice()),
  })
}

/** A measurement that takes its time. */
const slow = (): number => {
  const until = performance.now() + 20
  while (performance.now() < until);
  return 100
}

const nothing = (): Kept => ({ checkpoint: null, records: [], milestones: new Map() })

describe('a run of distillation', () => {
  test.each([1, 3, 4, 9, 11, 20])('cut short at step %i ends with the same bytes and records', async (killAt) => {
    const [whole, cut] = [nothing(), nothing()]
    const { state } = await run(whole)
    await expect(run(cut, { killAt })).rejects.toThrow('killed')
    const resumed = await run(cut)
    expect(resumed.state).toEqual({ ...state, seconds: resumed.state.seconds })
    expect(cut.records).toEqual(whole.records)
    expect(state.values.some((value) => value !== 0)).toBe(true)
  })

  test('records every step, and measures at the start, now and then, and at the end', async () => {
    const kept = nothing()
    const { before, after } = await run(kept, { end: { steps: 6 } })
    const steps = kept.records.flatMap((record) => ('loss' in record ? [record] : []))
    expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6])
    for (const { loss, ce, lm, cos } of steps) expect(loss).toBeCloseTo(5 * ce + 2 * lm + cos)
    const measured = kept.records.flatMap((record) => ('perplexity' in record ? [record.step] : []))
    expect(measured).toEqual([0, 4, 6])
    expect([before?.perplexity, after.perplexity]).toEqual([100, 94])
    // Not twice where the last step was due.
    const eight = nothing()
    await run(eight, { end: { steps: 8 } })
    expect(eight.records.flatMap((record) => ('perplexity' in record ? [record.step] : []))).toEqual([0, 4, 8])
  })

  test('measures and keeps itself at its milestones, and ends as without them', async () => {
    const [plain, kept] = [nothing(), nothing()]
    const { state } = await run(plain)
    // A killed run comes by the second one again.
    const options = { milestones: [4, 10] }
    await expect(run(kept, { ...options, killAt: 11 })).rejects.toThrow('killed')
    kept.milestones.delete(10)
    expect((await run(kept, options)).state.values).toEqual(state.values)
    expect([...kept.milestones.keys()]).toEqual([4, 10])
    for (const [at, values] of kept.milestones) {
      // By the learning rate of the whole run.
      const cut = nothing()
      await expect(run(cut, { checkpointEvery: 1, killAt: at + 1 })).rejects.toThrow('killed')
      expect(values).toEqual(readCheckpoint(cut.checkpoint ?? new Uint8Array(), SETTINGS).values)
    }
    const measured = kept.records.flatMap((record) => ('perplexity' in record ? [record.step] : []))
    expect(measured).toEqual([0, 4, 8, 10, 12, 16, 20])
  })

  test('that ends by the clock makes a step, however long it was measured before', async () => {
    expect((await run(nothing(), { end: { seconds: 0.001 }, perplexity: slow })).state.steps).toBeGreaterThan(0)
  })

  test('ends early after so many measurements without a gain, also across a restart', async () => {
    const flat = { patience: 2, perplexity: (steps: number) => (steps <= 4 ? 100 - steps : 95.95) }
    const kept = nothing()
    expect((await run(kept, flat)).state.steps).toBe(12)
    const cut = nothing()
    await expect(run(cut, { ...flat, killAt: 11 })).rejects.toThrow('killed')
    expect((await run(cut, flat)).state.steps).toBe(12)
    expect((await run(nothing(), { patience: 2 })).state.steps).toBe(20)
  })

  test('stops when the gradient is no number', async () => {
    const broken: Distiller = {
      ...distiller,
      gradient: async ({ values }) => ({
        gradient: values.map(() => Number.NaN),
        terms: { ce: 0, lm: 0, cos: 0 },
      }),
    }
    const error = await rejectionOf(
      'non-finite',
      runDistillation({
        distiller: broken,
        from: startOfRun(new Float32Array(SIZE)),
        corpus: newCorpus(),
        masking: null,
        settings,
        measure: async () => ({ perplexity: 1, teacherPerplexity: 1, agreement: 1 }),
        onProgress: () => undefined,
        record: async () => undefined,
        save: async () => undefined,
        keep: async () => undefined,
      }),
    )
    expect(error.message).toContain('step 1')
  })
})

describe('a checkpoint', () => {
  const state: DistillState = {
    ...startOfRun(Float32Array.of(1, -0, Number.MIN_VALUE)),
    steps: 7,
    tokens: 99,
    seconds: 1.5,
    place: { epoch: 2, text: 3, part: 1 },
    plateau: { best: 12.25, waited: 1 },
    m: Float32Array.of(0.1, 0.2, 0.3),
    v: Float32Array.of(3, 2, 1),
  }

  test('keeps all of a state', () => {
    expect(readCheckpoint(writeCheckpoint(state, SETTINGS), SETTINGS)).toEqual(state)
  })

  test('is refused by a run with other settings, which are named', () => {
    const bytes = writeCheckpoint(state, SETTINGS)
    const error = errorOf('conflict', () => readCheckpoint(bytes, { ...SETTINGS, seed: 2 }))
    expect(error.message).toContain('another seed (1, now 2)')
    errorOf('conflict', () => readCheckpoint(bytes, { ...SETTINGS, threads: 2 }))
  })

  test('is refused when it is cut short or another file', () => {
    const bytes = writeCheckpoint(state, SETTINGS)
    errorOf('safetensors', () => readCheckpoint(bytes.slice(0, -1), SETTINGS))
    const other = writeCheckpoint({ ...state, steps: -1 }, SETTINGS)
    errorOf('file-format', () => readCheckpoint(other, SETTINGS))
  })
})

const after = (figures: readonly number[]) => figures.reduce(watchPlateau, NO_PLATEAU)

test('a plateau is a best figure that is not bettered by enough', () => {
  expect(after([100, 90, 80])).toEqual({ best: 80, waited: 0 })
  expect(after([100, 99.9, 101])).toEqual({ best: 100, waited: 2 })
  expect(after([100, 99.9, 99.5])).toEqual({ best: 99.5, waited: 0 })
})
