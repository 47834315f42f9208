/**
 * The one copy of a weight that a GPU keeps, read both ways. Numbers that halves hold are kept as halves, two in a word,
 * which every device can unpack; 8-bit ones four in a word.
 */
import { tensor1d, type Tensor1D } from '@tensorflow/tfjs-core'
import type { WeightFormat } from '../../../protocol/tuning.ts'
import { halvesOf } from '../../half.ts'
import { int8Steps, scaleColumns, toInt8 } from './formats.ts'

export type Packed = {
  readonly storage: WeightFormat
  /** Row by row; float32, or words (int32) of 2 halves or 4 bytes, the first in the lowest bits. */
  readonly values: Tensor1D
  readonly shape: readonly [rows: number, columns: number]
  /** `[columns]`: what the stored numbers of a column are multiplied with; null where that is 1. */
  readonly scales: Tensor1D | null
}

/** `weight` `[rows, columns]`, both multiples of 4. */
export function pack(
  weight: Float32Array,
  shape: readonly [rows: number, columns: number],
  { format, outputScale }: { readonly format: WeightFormat; readonly outputScale?: Float32Array | undefined },
): Packed {
  const [, columns] = shape
  if (format === 'int8') {
    const steps = int8Steps(weight, columns)
    const words = new Int32Array(toInt8(weight, steps).buffer)
    if (outputScale) scaleColumns(steps, outputScale)
    return { storage: 'int8', values: tensor1d(words, 'int32'), shape, scales: tensor1d(steps) }
  }
  const halves = halvesOf(weight)
  if (halves) {
    const values = tensor1d(new Int32Array(halves.buffer), 'int32')
    return { storage: 'f16', values, shape, scales: outputScale ? tensor1d(outputScale) : null }
  }
  const values = Float32Array.from(weight)
  if (outputScale) scaleColumns(values, outputScale)
  return { storage: 'f32', values: tensor1d(values), shape, scales: null }
}
