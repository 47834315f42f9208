/**
 * The one copy of a weight that a GPU keeps, read both ways. Numbers that halves hold are kept as halves, two in a word,
 * which every device can unpack; 8-bit ones four in a word.
 */
import { slice, tensor1d, type Tensor1D } from '@tensorflow/tfjs-core'
import type { WeightFormat } from '../../../protocol/tuning.ts'
import { halvesOf } from '../../half.ts'
import { hasHalves, isSoftwareGpu } from '../../wgsl/program.ts'
import { int8Steps, scaleColumns, toInt8 } from './formats.ts'

/** How a weight's numbers stand one after the other: by inputs, `[in, out]`, or by outputs, `[out, in]`. */
export type Layout = 'in-out' | 'out-in'

export type Storage = Exclude<WeightFormat, 'f16-mixed'>

export type Packed = {
  readonly storage: Storage
  /** Whether products with it are formed in halves, where a kernel can. */
  readonly mixed: boolean
  /** float32, or words (int32) of 2 halves or 4 bytes, the first in the lowest bits. */
  readonly values: Tensor1D
  readonly layout: Layout
  readonly inner: number
  readonly outer: number
  /** Of a stored row, and which of its numbers is the first: those of a map may stand in the middle of a longer row. */
  readonly stride: number
  readonly from: number
  /** `[out]`: what the stored numbers of an output are multiplied with; null where that is 1. */
  readonly scales: Tensor1D | null
}

export type PackRequest = {
  readonly weight: Float32Array
  /** Inputs and outputs, both multiples of 4. */
  readonly shape: readonly [inner: number, outer: number]
  readonly layout: Layout
  /** int8 in the layout `in-out` alone. */
  readonly format: WeightFormat
  /** In the layout `in-out` alone. */
  readonly outputScale?: Float32Array | undefined
}

/** A program on the CPU has no use for halves: they took it twice the time. */
export function hasMixedProducts(format: WeightFormat): boolean {
  return format === 'f16-mixed' && hasHalves() && !isSoftwareGpu()
}

export function pack({ weight, shape, layout, format, outputScale }: PackRequest): Packed {
  const [inner, outer] = shape
  const packed = { layout, inner, outer, stride: layout === 'in-out' ? outer : inner, from: 0 }
  if (format === 'int8') {
    const steps = int8Steps(weight, outer)
    const words = new Int32Array(toInt8(weight, steps).buffer)
    if (outputScale) scaleColumns(steps, outputScale)
    return { ...packed, storage: 'int8', mixed: false, values: tensor1d(words, 'int32'), scales: tensor1d(steps) }
  }
  const halves = halvesOf(weight)
  if (halves) {
    const values = tensor1d(new Int32Array(halves.buffer), 'int32')
    return {
      ...packed,
      storage: 'f16',
      mixed: hasMixedProducts(format),
      values,
      scales: outputScale ? tensor1d(outputScale) : null,
    }
  }
  const values = Float32Array.from(weight)
  if (outputScale) scaleColumns(values, outputScale)
  return { ...packed, storage: 'f32', mixed: false, values: tensor1d(values), scales: null }
}

/** Some outputs of a map in the layout `in-out`, from the same copy of its numbers. */
export function outputsOfPacked(w: Packed, from: number, count: number): Packed {
  if (w.layout !== 'in-out') throw new Error('outputsOfPacked: the outputs of a row stand apart')
  return { ...w, outer: count, from: w.from + from, scales: w.scales && slice(w.scales, [from], [count]) }
}
