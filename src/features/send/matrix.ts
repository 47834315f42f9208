/** From a prompt's values to the colours of its picture. */

export type Scale = { readonly low: number; readonly high: number }

/** Share of the values beyond the colour scale's ends: a few outliers must not wash out all others. */
const BEYOND = 0.01

/** A scale around zero that holds all but the largest one percent. */
export function scaleOf(values: Float32Array): Scale {
  const sizes = values.map(Math.abs).sort()
  const at = Math.min(sizes.length - 1, Math.floor(sizes.length * (1 - BEYOND)))
  const high = sizes[at] || 1
  return { low: -high, high }
}

export type Colour = readonly [red: number, green: number, blue: number]
export type Palette = { readonly below: Colour; readonly zero: Colour; readonly above: Colour }

/** One RGBA pixel a value, row by row: from `below` over `zero` to `above`. */
export function paint(
  values: Float32Array,
  { low, high }: Scale,
  { below, zero, above }: Palette,
): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(values.length * 4)
  for (const [index, value] of values.entries()) {
    const end = value < 0 ? below : above
    const share = Math.min(1, value < 0 ? value / low : value / high)
    for (let channel = 0; channel < 3; channel++) {
      const from = zero[channel] ?? 0
      pixels[index * 4 + channel] = from + ((end[channel] ?? 0) - from) * share
    }
    pixels[index * 4 + 3] = 255
  }
  return pixels
}
