/** Rounding of a linear map's weights `[in, out]`, a column being an output channel. */

/** Largest of the 8-bit steps; -128 is not used, so that the grid is symmetric. */
const STEPS = 127

/** The nearest multiples of each column's step, its largest weight / 127. */
export function roundToInt8(weight: Float32Array, columns: number): Float32Array<ArrayBuffer> {
  const steps = new Float32Array(columns)
  weight.forEach((value, at) => {
    const column = at % columns
    steps[column] = Math.max(steps[column] ?? 0, Math.abs(value))
  })
  steps.forEach((largest, column) => (steps[column] = largest / STEPS))
  return Float32Array.from(weight, (value, at) => {
    const step = steps[at % columns] ?? 0
    return step === 0 ? 0 : Math.round(value / step) * step
  })
}

/** `weight[·, c] *= scale[c]`, in place. */
export function scaleColumns(weight: Float32Array, scale: Float32Array): void {
  for (let at = 0; at < weight.length; at++) weight[at] = (weight[at] ?? 0) * (scale[at % scale.length] ?? 1)
}
