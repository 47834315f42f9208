import { describe, expect, test } from 'vitest'
import { recovering, type TuningEngine } from '../../../workers/pool/recovering.ts'
import type { TuneBatch } from '../../../workers/pool/types.ts'
import { SoftpostError, type ErrorCode } from '../../../workers/protocol/errors.ts'
import { rejectionOf } from '../model/support.ts'
import { LinearEngine, linearRows } from '../tune/support.ts'

const rows = linearRows(30)
const never = () => Promise.resolve(null)

function batchOf(unitSizes: readonly number[]): TuneBatch {
  const count = unitSizes.reduce((sum, size) => sum + size, 0)
  return {
    slot: 'student',
    prompt: new Float32Array(6).map((_, index) => Math.sin(index)),
    promptLength: 2,
    labelTokens: [[0], [1]],
    examples: rows.encoded.slice(0, count),
    labels: Array.from(rows.labels.subarray(0, count)),
    contribution: { kind: 'clipped', clipNorm: 0.7 },
    unitSizes,
  }
}

/** A real engine that fails where it is told to. */
class Faulty extends LinearEngine {
  readonly #failing: (batch: TuneBatch) => ErrorCode | null

  constructor(failing: (batch: TuneBatch) => ErrorCode | null) {
    super()
    this.#failing = failing
  }

  override async tune(batch: TuneBatch): ReturnType<LinearEngine['tune']> {
    const code = this.#failing(batch)
    if (code !== null) throw new SoftpostError(code, 'a fault of the test')
    return await super.tune(batch)
  }
}

function roomFor(most: number): Faulty {
  return new Faulty(({ examples }) => (examples.length > most ? 'out-of-memory' : null))
}

function losing(times: number): Faulty {
  let left = times
  return new Faulty(() => (left-- > 0 ? 'device-lost' : null))
}

describe('out of memory', () => {
  test.each([
    [Array.from({ length: 23 }, () => 1), 3],
    [[3, 1, 4, 2, 6], 6],
    [[3, 1, 4, 2, 6], 12],
  ])('units of %j where %i rows fit: the same rows, the same integers', async (unitSizes, most) => {
    const batch = batchOf(unitSizes)
    const { sum } = await new LinearEngine().tune(batch)
    const engine = roomFor(most)
    expect((await recovering(engine, never).tune(batch)).sum).toEqual(sum)
    expect(engine.tuned.flatMap(({ examples }) => examples)).toEqual(batch.examples)
    // No unit was taken apart.
    expect(engine.tuned.flatMap((part) => part.unitSizes)).toEqual(unitSizes)
    expect(engine.tuned.length).toBeGreaterThan(1)
  })

  test('for a single unit is an error', async () => {
    await rejectionOf('out-of-memory', recovering(roomFor(4), never).tune(batchOf([2, 6, 1])))
  })
})

test('rows that wait for the others of their person are bounded by parts', async () => {
  const engine = new LinearEngine()
  // A prompt so long that its gradients for eight rows would take 512 MiB; the model looks at its first values alone.
  const prompt = new Float32Array(2 ** 24)
  class Counting extends LinearEngine {
    override async tune(batch: TuneBatch): ReturnType<LinearEngine['tune']> {
      return await engine.tune({ ...batch, prompt: new Float32Array(6) })
    }
  }
  await recovering(new Counting(), never).tune({ ...batchOf([2, 2, 2, 2]), prompt })
  expect(engine.tuned.map(({ unitSizes }) => unitSizes)).toEqual([
    [2, 2],
    [2, 2],
  ])
})

describe('a lost device', () => {
  test('is opened again and finishes the same batch', async () => {
    const batch = batchOf([1, 1, 2])
    const spare = new LinearEngine()
    const engine = recovering(losing(1), () => Promise.resolve(spare))
    expect(await engine.tune(batch)).toEqual(await new LinearEngine().tune(batch))
    expect(spare.tuned).toEqual([batch])
    await engine.tune(batch)
    expect(spare.tuned).toHaveLength(2)
  })

  test('that is lost again, or cannot be opened, is an error', async () => {
    const batch = batchOf([1])
    await rejectionOf('device-lost', recovering(losing(1), () => Promise.resolve(losing(1))).tune(batch))
    await rejectionOf('device-lost', recovering(losing(1), never).tune(batch))
    await rejectionOf('device-lost', recovering(losing(1), () => Promise.reject(new Error('no GPU'))).tune(batch))
  })

  test('is not replaced by another kind of device in mid-step', async () => {
    const spare = new LinearEngine()
    const other: TuningEngine = {
      report: { ...spare.report, backend: 'wasm' },
      tune: (batch) => spare.tune(batch),
      classify: (batch) => spare.classify(batch),
      judge: () => spare.judge(),
    }
    await rejectionOf('device-lost', recovering(losing(1), () => Promise.resolve(other)).tune(batchOf([1, 1])))
    expect(spare.tuned).toEqual([])
  })

  test('and memory that ends on the next one are both mended', async () => {
    const batch = batchOf([1, 1, 1, 1])
    const spare = roomFor(2)
    const engine = recovering(losing(1), () => Promise.resolve(spare))
    expect(await engine.tune(batch)).toEqual(await new LinearEngine().tune(batch))
  })
})

test('other errors pass', async () => {
  const engine = new Faulty(() => 'non-finite')
  await rejectionOf('non-finite', recovering(engine, () => Promise.resolve(new LinearEngine())).tune(batchOf([1, 1])))
})
