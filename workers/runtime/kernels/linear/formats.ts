/** 8-bit weights of a linear map `[in, out]`: a column is an output channel and has a step of its own. */

/** Largest of the 8-bit numbers; -128 is not used, so that the grid is symmetric. */
const MOST = 127

/** `[columns]`: the largest weight of each column / 127. */
export function int8Steps(weight: Float32Array, columns: number): Float32Array<ArrayBuffer> {
  const steps = new Float32Array(columns)
  weight.forEach((value, at) => {
    const column = at % columns
    steps[column] = Math.max(steps[column] ?? 0, Math.abs(value))
  })
  return steps.map((largest) => largest / MOST)
}

/** The whole number of steps nearest to each weight, from -127 to 127. */
export function toInt8(weight: Float32Array, steps: Float32Array): Int8Array<ArrayBuffer> {
  return Int8Array.from(weight, (value, at) => {
    const step = steps[at % steps.length] ?? 0
    return step === 0 ? 0 : Math.round(value / step)
  })
}

/** `values[·, c] *= scale[c]`, in place. */
export function scaleColumns(values: Float32Array, scale: Float32Array): void {
  for (let at = 0; at < values.length; at++) values[at] = (values[at] ?? 0) * (scale[at % scale.length] ?? 1)
}

/** The nearest multiples of each column's step, as float32. */
export function roundToInt8(weight: Float32Array, columns: number): Float32Array<ArrayBuffer> {
  const steps = int8Steps(weight, columns)
  const values = Float32Array.from(toInt8(weight, steps))
  scaleColumns(values, steps)
  return values
}
