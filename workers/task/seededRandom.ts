/** Seeded choices about public data: which rows, and in which order. Never for anything private. */

/** Uniform whole numbers from 0 up to a bound, the same for the same seed on every machine. */
export type PublicRandom = (bound: number) => number

/** splitmix32: a counter through a mixer. Source: Steele et al. 2014, 32-bit constants of C. Wellons' hash prospector. */
export function seededRandom(seed: number): PublicRandom {
  let state = seed | 0
  const next = (): number => {
    state = (state + 0x9e3779b9) | 0
    let mixed = state ^ (state >>> 16)
    mixed = Math.imul(mixed, 0x21f0aaad)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x735a2d97)
    return (mixed ^ (mixed >>> 15)) >>> 0
  }
  return (bound) => Math.floor((next() / 2 ** 32) * bound)
}

/** `count` different numbers below `size` in random order (all of them where there are not more). */
export function drawWithout(random: PublicRandom, size: number, count: number): number[] {
  return Array.from(shuffled(random, size, count))
}

/** The same in four bytes a number, for many of them. */
export function shuffled(random: PublicRandom, size: number, count: number): Uint32Array<ArrayBuffer> {
  const all = Uint32Array.from({ length: size }, (_, index) => index)
  const taken = Math.min(count, size)
  for (let index = 0; index < taken; index++) {
    const other = index + random(size - index)
    const kept = all[other] ?? other
    all[other] = all[index] ?? index
    all[index] = kept
  }
  return all.slice(0, taken)
}
