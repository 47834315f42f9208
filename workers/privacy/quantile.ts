/**
 * Inverse of the normal tail: M. J. Wichura, "Algorithm AS 241: The Percentage Points of the Normal Distribution",
 * Applied Statistics 37 (1988), routine PPND16; relative error about 1e-16.
 *
 * Only a proposal: `noise.ts` confirms what it says, so an error here costs time and not privacy.
 */

type Ratio = { readonly top: readonly number[]; readonly bottom: readonly number[] }

/** Coefficients from the highest power down. */
const CENTRE: Ratio = {
  top: [
    2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987, 13731.69376550946, 1971.5909503065513,
    133.14166789178438, 3.3871328727963665,
  ],
  bottom: [
    5226.495278852854, 28729.085735721943, 39307.89580009271, 21213.794301586597, 5394.196021424751, 687.1870074920579,
    42.31333070160091, 1,
  ],
}
const MIDDLE: Ratio = {
  top: [
    0.0007745450142783414, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684, 3.6478483247632045,
    5.769497221460691, 4.630337846156546, 1.4234371107496835,
  ],
  bottom: [
    1.0507500716444169e-9, 0.0005475938084995345, 0.015198666563616457, 0.14810397642748008, 0.6897673349851,
    1.6763848301838038, 2.053191626637759, 1,
  ],
}
const FAR: Ratio = {
  top: [
    2.0103343992922881e-7, 2.7115555687434876e-5, 0.0012426609473880784, 0.026532189526576124, 0.29656057182850487,
    1.7848265399172913, 5.463784911164114, 6.657904643501103,
  ],
  bottom: [
    2.0442631033899397e-15, 1.421511758316446e-7, 1.8463183175100548e-5, 0.0007868691311456133, 0.014875361290850615,
    0.1369298809227358, 0.599832206555888, 1,
  ],
}

function evaluate({ top, bottom }: Ratio, r: number): number {
  let numerator = 0
  let denominator = 0
  for (let i = 0; i < top.length; i += 1) {
    numerator = numerator * r + (top[i] ?? 0)
    denominator = denominator * r + (bottom[i] ?? 0)
  }
  return numerator / denominator
}

/** The x >= 0 with P[|Z| > x] = u, for u in (0, 1]. */
export function halfNormalQuantile(u: number): number {
  const centred = (1 - u) / 2
  if (centred <= 0.425) return centred * evaluate(CENTRE, 0.180625 - centred * centred)
  const r = Math.sqrt(-Math.log(u / 2))
  return r <= 5 ? evaluate(MIDDLE, r - 1.6) : evaluate(FAR, r - 5)
}
