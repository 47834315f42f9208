/**
 * Finds out which cut of a product is the fastest on this thread's GPU, once and before any run: a model's loading ends
 * with it. On a program on the CPU each candidate takes seconds to compile, so its heuristic stays.
 */
import { square, tensor1d, zeros, type Tensor2D } from '@tensorflow/tfjs-core'
import { disposeAll, take } from '../../../tensors.ts'
import { isSoftwareGpu, onGpu } from '../../../wgsl/program.ts'
import { allColumns } from '../../../columns.ts'
import type { Packed } from '../packed.ts'
import { candidates, fastest, keepMeasured, keyOf, SHAPE_CLASSES, type Cut, type ShapeClass } from './cuts.ts'
import { deviceKey, parseKeptCuts, type CutStore } from './keptCuts.ts'
import { wgslLinear } from './linear.ts'

const ROWS = { few: 16, many: 512 } as const
/** A wide map is an MLP's first one. */
const COLUMNS_BY_WIDTH = { narrow: 1, wide: 4 } as const
/** Products of a measurement: a browser's clocks are too coarse for one. */
const REPEATS = 10
/** The fastest of several: what else the device does only ever adds. */
const PASSES = 3

/** Not again on a device that takes a lost one's place: a step that is done anew must go through the same kernels. */
let isTuned = false

/** What the device is called, and where its cuts are kept. */
export type KnownDevice = { readonly adapter: string; readonly store: CutStore }

/**
 * What is kept for the device is taken; what was measured is kept.
 *
 * @param width embedding width d of the model that is to run; later models find it done.
 * @param known null where nothing is kept.
 */
export async function tuneLinear(width: number, known: KnownDevice | null): Promise<void> {
  if (isTuned || !onGpu() || isSoftwareGpu() || width % 4 !== 0) return
  isTuned = true
  const key = known && deviceKey(known.adapter)
  const kept = known && key !== null ? parseKeptCuts(await known.store.read(key)) : null
  if (kept) {
    for (const { shapeClass, cut } of kept) keepMeasured(shapeClass, cut)
    return
  }
  const measured: Record<string, Cut> = {}
  for (const shapeClass of SHAPE_CLASSES) {
    const cut = await measureClass(shapeClass, width)
    keepMeasured(shapeClass, cut)
    measured[keyOf(shapeClass)] = cut
  }
  if (known && key !== null) await known.store.write(key, measured)
}

async function measureClass(shapeClass: ShapeClass, width: number): Promise<Cut> {
  const outer = width * COLUMNS_BY_WIDTH[shapeClass.columns]
  const x: Tensor2D = zeros([ROWS[shapeClass.rows], width])
  // Halves, as almost every model's weights are; what the numbers are takes no time.
  const values = tensor1d(new Int32Array((width * outer) / 2), 'int32')
  const w: Packed = {
    storage: 'f16',
    mixed: false,
    values,
    layout: 'in-out',
    inner: width,
    outer,
    stride: outer,
    from: 0,
    scales: null,
  }
  const seconds: number[] = []
  for (const cut of candidates(shapeClass)) seconds.push(await secondsOf(() => wgslLinear(allColumns(x), w, {}, cut)))
  disposeAll([x, values])
  return fastest(shapeClass, seconds)
}

async function secondsOf(product: () => Tensor2D): Promise<number> {
  const one = tensor1d([1])
  const run = async (count: number): Promise<number> => {
    const began = performance.now()
    for (let i = 0; i < count; i++) product().dispose()
    // Reading the last result of the queue back ends the pass, submits it and waits for all that stands before it.
    await take(square(one))
    return (performance.now() - began) / 1000
  }
  // Compiles.
  await run(1)
  let best = Number.POSITIVE_INFINITY
  for (let pass = 0; pass < PASSES; pass++) best = Math.min(best, await run(REPEATS))
  one.dispose()
  return best
}
