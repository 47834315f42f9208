/** Discrete Fourier transform of real sequences whose length is a power of two. */

/** Half a spectrum: entries 0..N/2 of a real sequence of length N. */
export type Spectrum = { readonly re: Float64Array<ArrayBuffer>; readonly im: Float64Array<ArrayBuffer> }

/** cos and -sin of 2πk/N for k below N/2. */
const turns = new Map<number, Spectrum>()
/** Tables kept; each of the largest takes 4 MiB. */
const TABLES = 24

function turnsOf(length: number): Spectrum {
  const known = turns.get(length)
  if (known !== undefined) return known
  const re = Float64Array.from({ length: length / 2 }, (_, k) => Math.cos((2 * Math.PI * k) / length))
  const im = Float64Array.from({ length: length / 2 }, (_, k) => -Math.sin((2 * Math.PI * k) / length))
  if (turns.size >= TABLES) turns.clear()
  turns.set(length, { re, im })
  return { re, im }
}

/** In place, complex, decimation in time; `length` is a power of two. */
function transform(re: Float64Array, im: Float64Array, length: number): void {
  reverseBits(re, im, length)
  const table = turnsOf(Math.max(2, length))
  for (let half = 1; half < length; half *= 2) {
    const stride = length / (2 * half)
    for (let start = 0; start < length; start += 2 * half) {
      for (let k = 0, turn = 0; k < half; k += 1, turn += stride) {
        const low = start + k
        const high = low + half
        const c = table.re[turn] ?? 0
        const s = table.im[turn] ?? 0
        const x = re[high] ?? 0
        const y = im[high] ?? 0
        const u = c * x - s * y
        const v = c * y + s * x
        const a = re[low] ?? 0
        const b = im[low] ?? 0
        re[high] = a - u
        im[high] = b - v
        re[low] = a + u
        im[low] = b + v
      }
    }
  }
}

function reverseBits(re: Float64Array, im: Float64Array, length: number): void {
  for (let i = 1, j = 0; i < length; i += 1) {
    let bit = length >> 1
    for (; (j & bit) !== 0; bit >>= 1) j ^= bit
    j ^= bit
    if (i >= j) continue
    const x = re[i] ?? 0
    const y = im[i] ?? 0
    re[i] = re[j] ?? 0
    im[i] = im[j] ?? 0
    re[j] = x
    im[j] = y
  }
}

/** Σ_n x_n e^{-2πi kn/N} for k = 0..N/2; the length N is a power of two from 4 on. */
export function forward(values: Float64Array): Spectrum {
  const half = values.length / 2
  const a = new Float64Array(half)
  const b = new Float64Array(half)
  for (let i = 0; i < half; i += 1) {
    a[i] = values[2 * i] ?? 0
    b[i] = values[2 * i + 1] ?? 0
  }
  transform(a, b, half)
  const table = turnsOf(values.length)
  const re = new Float64Array(half + 1)
  const im = new Float64Array(half + 1)
  for (let k = 0; k <= half; k += 1) {
    const p = k % half
    const m = (half - k) % half
    const evenRe = ((a[p] ?? 0) + (a[m] ?? 0)) / 2
    const evenIm = ((b[p] ?? 0) - (b[m] ?? 0)) / 2
    const oddRe = ((b[p] ?? 0) + (b[m] ?? 0)) / 2
    const oddIm = ((a[m] ?? 0) - (a[p] ?? 0)) / 2
    const c = k === half ? -1 : (table.re[k] ?? 0)
    const s = k === half ? 0 : (table.im[k] ?? 0)
    re[k] = evenRe + c * oddRe - s * oddIm
    im[k] = evenIm + c * oddIm + s * oddRe
  }
  return { re, im }
}

/** The real sequence of a spectrum: the inverse of {@link forward}. */
export function backward({ re, im }: Spectrum): Float64Array<ArrayBuffer> {
  const half = re.length - 1
  const table = turnsOf(2 * half)
  const a = new Float64Array(half)
  const b = new Float64Array(half)
  for (let k = 0; k < half; k += 1) {
    const evenRe = ((re[k] ?? 0) + (re[half - k] ?? 0)) / 2
    const evenIm = ((im[k] ?? 0) - (im[half - k] ?? 0)) / 2
    const differenceRe = ((re[k] ?? 0) - (re[half - k] ?? 0)) / 2
    const differenceIm = ((im[k] ?? 0) + (im[half - k] ?? 0)) / 2
    const c = table.re[k] ?? 0
    const s = -(table.im[k] ?? 0)
    const oddRe = c * differenceRe - s * differenceIm
    const oddIm = c * differenceIm + s * differenceRe
    // The conjugate goes in, so that the forward transform turns backwards.
    a[k] = evenRe - oddIm
    b[k] = -(evenIm + oddRe)
  }
  transform(a, b, half)
  const values = new Float64Array(2 * half)
  for (let i = 0; i < half; i += 1) {
    values[2 * i] = (a[i] ?? 0) / half
    values[2 * i + 1] = -(b[i] ?? 0) / half
  }
  return values
}
