/**
 * Calls that fail for want of a device or of memory are made again, with the very same batch.
 *
 * Under DP nothing else will do: a batch drawn anew until it fits is no Poisson sample, and a step that is left out tells
 * that its batch was large. The numbers stay the same as well. A batch is computed in parts of whole units, whose integer
 * sums add up exactly; a part goes through microbatches of the same size, kernels and backend as the whole would have.
 */
import { SoftpostError, toReport } from '../protocol/errors.ts'
import type { RuntimeReport } from '../protocol/tuning.ts'
import { unitSizesOf, type Engine, type TuneBatch, type TuneSum } from './types.ts'

export type TuningEngine = Pick<Engine, 'tune' | 'classify' | 'judge' | 'report'>

/** Opens the device again after it was lost; null where that cannot help. */
export type Reopen = () => Promise<TuningEngine | null>

/**
 * @param reopen asked at most once a call: a device that is lost twice in it stays lost.
 * @returns an engine whose calls throw only what doing them again cannot mend.
 */
export function recovering(first: TuningEngine, reopen: Reopen): TuningEngine {
  let engine = first
  const again = async <T>(call: (engine: TuningEngine) => Promise<T>): Promise<T> => {
    try {
      return await call(engine)
    } catch (error) {
      if (toReport(error).code !== 'device-lost') throw error
      engine = await replaced(engine.report, reopen, error)
      return await call(engine)
    }
  }
  const tune = async (batch: TuneBatch): Promise<TuneSum> => {
    const halves = inHalves(batch)
    if (halves !== null && heldBytes(batch) > MOST_HELD_BYTES) return await both(halves)
    try {
      return await again((engine) => engine.tune(batch))
    } catch (error) {
      if (toReport(error).code !== 'out-of-memory' || halves === null) throw error
      return await both(halves)
    }
  }
  const both = async ([first, second]: Halves): Promise<TuneSum> => {
    const [one, other] = [await tune(first), await tune(second)]
    return { sum: one.sum.map((value, index) => value + (other.sum[index] ?? 0)) }
  }
  return {
    report: first.report,
    tune,
    classify: (batch) => again((engine) => engine.classify(batch)),
    judge: (batch) => again((engine) => engine.judge(batch)),
  }
}

/** Gradients of a person's rows are held until its last one is there; beyond this a tab may not have the memory. */
const MOST_HELD_BYTES = 256 * 2 ** 20

function heldBytes({ examples, prompt, unitSizes = [] }: TuneBatch): number {
  return unitSizes.every((size) => size === 1) ? 0 : examples.length * prompt.byteLength
}

async function replaced(before: RuntimeReport, reopen: Reopen, lost: unknown): Promise<TuningEngine> {
  // What is wrong is the loss; that it cannot be mended is no news beside it.
  const engine = await reopen().catch(() => null)
  if (engine === null) throw lost
  const { backend, adapter } = engine.report
  if (backend === before.backend && adapter === before.adapter) return engine
  throw new SoftpostError(
    'device-lost',
    `the device was lost and another one (${backend}) took its place; a step that was begun is not finished on another device, so go on from the last checkpoint`,
    { cause: lost },
  )
}

type Halves = readonly [TuneBatch, TuneBatch]

/** Null for a batch of one unit. */
function inHalves(batch: TuneBatch): Halves | null {
  const sizes = unitSizesOf(batch)
  const middle = sizes.length >> 1
  if (middle === 0) return null
  const rows = sizes.slice(0, middle).reduce((sum, size) => sum + size, 0)
  const part = (units: readonly [number, number], places: readonly [number, number]): TuneBatch => ({
    ...batch,
    examples: batch.examples.slice(...places),
    labels: batch.labels.slice(...places),
    ...(batch.unitSizes === undefined ? {} : { unitSizes: sizes.slice(...units) }),
  })
  return [part([0, middle], [0, rows]), part([middle, sizes.length], [rows, batch.examples.length])]
}
