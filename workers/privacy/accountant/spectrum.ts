/**
 * The loss of many steps from that of one: a convolution power by one Fourier transform, made of tilted masses
 * p_i e^{λ l_i} so that the float noise of the transform is small where ε is read off, and wrapped round a window.
 */
import { backward, forward } from './fft.ts'
import type { Lattice } from './lattice.ts'

/** Range of losses in grid steps, from `first` on; `length` is a power of two. */
export type Window = { readonly first: number; readonly length: number }

/** One step's transform as logarithm and angle, so that any power of it is a product. */
export type StepSpectrum = {
  readonly logs: Float64Array
  readonly angles: Float64Array
  /** ln of Σ p_i e^{λ l_i}. */
  readonly logMass: number
  readonly infinite: number
}

/** ln Σ p_i e^{λ l_i} of a lattice. */
function logMassOf({ step, first, masses }: Lattice, tilt: number): number {
  if (tilt === 0) return Math.log(masses.reduce((sum, mass) => sum + mass, 0))
  const top = tilt * step * (first + masses.length - 1)
  let sum = 0
  for (const [i, mass] of masses.entries()) sum += mass * Math.exp(tilt * step * (first + i) - top)
  return top + Math.log(sum)
}

export function spectrumOf(lattice: Lattice, tilt: number, length: number): StepSpectrum {
  const { step, first, masses, infinite } = lattice
  const logMass = logMassOf(lattice, tilt)
  const wrapped = new Float64Array(length)
  for (const [i, mass] of masses.entries()) {
    const index = first + i
    const place = ((index % length) + length) % length
    wrapped[place] = (wrapped[place] ?? 0) + mass * Math.exp(tilt * step * index - logMass)
  }
  const { re, im } = forward(wrapped)
  const logs = new Float64Array(re.length)
  const angles = new Float64Array(re.length)
  for (let k = 0; k < re.length; k += 1) {
    const x = re[k] ?? 0
    const y = im[k] ?? 0
    logs[k] = 0.5 * Math.log(x * x + y * y)
    angles[k] = Math.atan2(y, x)
  }
  return { logs, angles, logMass, infinite }
}

/** Masses of the composed loss, still tilted, in the order of the window. */
export type Composed = {
  readonly step: number
  readonly tilt: number
  readonly window: Window
  readonly tilted: Float64Array
  /** ln of the whole mass under the tilt: the true mass at loss l is tilted · e^{logMass - λl}. */
  readonly logMass: number
  /** Mass that counts as an infinite loss. */
  readonly infinite: number
  /** Root of the sum of squares of what float noise may have added to the tilted masses. */
  readonly noise: number
}

/** Contributions below e^-80 of the whole cannot be seen in float64. */
const VANISHING = -80
/** Relative error of one factor of a power, in units of 2^-53: that of the transform, of logarithm and angle. */
const FACTOR_ERROR = 8

export function composeSpectra(
  parts: readonly { readonly spectrum: StepSpectrum; readonly steps: number }[],
  { step, tilt, window }: Pick<Composed, 'step' | 'tilt' | 'window'>,
): Composed {
  const half = window.length / 2
  const re = new Float64Array(half + 1)
  const im = new Float64Array(half + 1)
  let power = 0
  for (let k = 0; k <= half; k += 1) {
    let log = 0
    let angle = 0
    for (const { spectrum, steps } of parts) {
      log += steps * (spectrum.logs[k] ?? 0)
      angle += steps * (spectrum.angles[k] ?? 0)
    }
    if (!(log > VANISHING)) continue
    const length = Math.exp(log)
    re[k] = length * Math.cos(angle)
    im[k] = length * Math.sin(angle)
    power += k === 0 || k === half ? length * length : 2 * length * length
  }
  // A spectrum of a real sequence is real at both ends.
  im[0] = 0
  im[half] = 0
  const cyclic = backward({ re, im })
  const shift = ((window.first % window.length) + window.length) % window.length
  const tilted = new Float64Array(window.length)
  tilted.set(cyclic.subarray(shift))
  tilted.set(cyclic.subarray(0, shift), window.length - shift)
  const total = parts.reduce((sum, { steps }) => sum + steps, 0)
  const escape = parts.reduce((sum, { spectrum, steps }) => sum + steps * Math.log1p(-spectrum.infinite), 0)
  return {
    step,
    tilt,
    window,
    tilted,
    logMass: parts.reduce((sum, { spectrum, steps }) => sum + steps * spectrum.logMass, 0),
    infinite: -Math.expm1(escape),
    // By Parseval's identity the noise of the result is that of the spectrum.
    noise: FACTOR_ERROR * (Number.EPSILON / 2) * (total + Math.log2(window.length)) * Math.sqrt(power / window.length),
  }
}
