/**
 * ε to nine digits, by a contour integral: not a bound, and independent of any grid. With K the log-moment-generating
 * function of the whole loss,
 *
 *     δ(ε) = (1/2πi) ∫_{c-i∞}^{c+i∞} e^{K(z) - zε} / (z(z+1)) dz
 *
 * since 1/(z(z+1)) is the Laplace transform of (1 - e^{-y})+ (compare Alghamdi et al., arXiv 2208.09595). The integral
 * is a trapezoid sum through the saddle c, and so is each K(z); both converge geometrically.
 */
import { exponentOf, finestStep, nodeRange, nodesBetween, RANGE } from './mgf.ts'
import { type Direction, type Pair, reachOf, slopeAt } from './pair.ts'
import { type Moments, saddleAt, type Work } from './work.ts'

/** Points on the contour and complex products that are spent before there is no answer. */
const MOST_POINTS = 30_000
const MOST_WORK = 4e6
/** Points that are taken at a time. */
const BLOCK = 64
/** Points per standard deviation of the integrand; a sum over every second one is the check. */
const DENSITY = 6
const NEGLIGIBLE = 1e-14
/** Largest ratio of the integrand's top to δ; beyond it cancellation eats the digits. */
const MOST_CANCELLATION = 1e5
const CHECK = 1e-6
const ROOT_STEPS = 60
const ROOT_WIDTH = 1e-12

/** δ at each ε near the one that the contour was laid for. */
type Contour = { readonly deltaAt: (epsilon: number) => number | null }

/** e^{K(c + i j step)} in logarithm and angle, for j = 0, 1, .. */
type Line = { readonly step: number; readonly logs: number[]; readonly angles: number[] }

/** The contour through the saddle of `epsilon`; null where this takes too much work. */
function contourAt(
  work: Work,
  direction: Direction,
  { moments, epsilon }: { readonly moments: Moments; readonly epsilon: number },
): Contour | null {
  const c = saddleAt(moments, epsilon)
  const [value, , curvature] = moments(c)
  if (!(value < Infinity) || !(curvature < Infinity)) return null
  const step = 1 / (DENSITY * Math.sqrt(curvature + 1 / (c * c) + 1 / ((1 + c) * (1 + c))))
  const line: Line = { step, logs: [], angles: [] }
  const extend = extender(work, direction, c, step)
  return {
    deltaAt: (target) => {
      for (;;) {
        const result = sumAlong(line, c, target)
        if (result !== 'short') return result
        if (line.logs.length >= MOST_POINTS || !extend(line)) return null
      }
    },
  }
}

/** The trapezoid sum over the points there are; 'short' if they end before the integrand does. */
function sumAlong({ step, logs, angles }: Line, c: number, epsilon: number): number | null | 'short' {
  let sum = 0
  let sparse = 0
  const top = (logs[0] ?? 0) - c * epsilon - Math.log(c * (1 + c))
  let quiet = 0
  for (const [j, log] of logs.entries()) {
    const y = j * step
    // 1/(z(z+1)) with z = c + iy.
    const re = c * (c + 1) - y * y
    const im = y * (2 * c + 1)
    const size = Math.exp(log - c * epsilon - 0.5 * Math.log(re * re + im * im) - top)
    const term = size * Math.cos((angles[j] ?? 0) - y * epsilon - Math.atan2(im, re)) * (j === 0 ? 0.5 : 1)
    sum += term
    if (j % 2 === 0) sparse += 2 * term
    quiet = size < NEGLIGIBLE ? quiet + 1 : 0
    if (quiet === 4) {
      const scale = (step / Math.PI) * Math.exp(top)
      if (!(sum > 0) || 1 / (sum * step) > MOST_CANCELLATION || Math.abs(sparse - sum) > CHECK * sum) return null
      return sum * scale
    }
  }
  return 'short'
}

/** Lengthens a line by a block of points; false where it would take too much work. */
function extender(work: Work, direction: Direction, c: number, step: number): (line: Line) => boolean {
  let spent = 0
  return (line) => {
    const start = line.logs.length
    const logs = new Float64Array(BLOCK)
    const angles = new Float64Array(BLOCK)
    for (const { pair, steps } of work.parts) {
      const part = partBlock(pair, direction, { c, step, start })
      if (part === null) return false
      spent += part.work
      for (let j = 0; j < BLOCK; j += 1) {
        logs[j] = (logs[j] ?? 0) + steps * (part.logs[j] ?? 0)
        angles[j] = (angles[j] ?? 0) + steps * (part.angles[j] ?? 0)
      }
    }
    for (let j = 0; j < BLOCK; j += 1) {
      const y = (start + j) * step
      line.logs.push((logs[j] ?? 0) + (work.gaussian * (c * (c + 1) - y * y)) / 2)
      line.angles.push((angles[j] ?? 0) + (work.gaussian * y * (2 * c + 1)) / 2)
    }
    return spent < MOST_WORK
  }
}

type Block = { readonly c: number; readonly step: number; readonly start: number }

/** ln|M| and arg M of one step's moment at the block's points. */
function partBlock(
  pair: Pair,
  direction: Direction,
  { c, step, start }: Block,
): { readonly logs: Float64Array; readonly angles: Float64Array; readonly work: number } | null {
  const t = exponentOf(direction, c)
  const range = nodeRange(pair, Math.min(0, t), Math.max(0, t))
  // The integrand turns by e^{iuL} over x: it must be resolved where it has weight.
  const fastest = (start + BLOCK) * step * slopeAt(pair, Math.max(0, t) * reachOf(pair) + RANGE * pair.sigma)
  const nodes = nodesBetween(pair, range, Math.min(finestStep(pair), 0.7 / fastest))
  if (nodes === null) return null
  const count = nodes.losses.length
  let highest = -Infinity
  for (let i = 0; i < count; i += 1)
    highest = Math.max(highest, t * (nodes.losses[i] ?? 0) + (nodes.logWeights[i] ?? 0))
  const sign = direction === 'remove' ? 1 : -1
  const sumRe = new Float64Array(BLOCK)
  const sumIm = new Float64Array(BLOCK)
  let kept = 0
  for (let i = 0; i < count; i += 1) {
    const loss = nodes.losses[i] ?? 0
    const below = t * loss + (nodes.logWeights[i] ?? 0) - highest
    if (below < -45) continue
    kept += 1
    const weight = Math.exp(below)
    let x = weight * Math.cos(sign * start * step * loss)
    let y = weight * Math.sin(sign * start * step * loss)
    const turnX = Math.cos(step * loss)
    const turnY = sign * Math.sin(step * loss)
    for (let j = 0; j < BLOCK; j += 1) {
      sumRe[j] = (sumRe[j] ?? 0) + x
      sumIm[j] = (sumIm[j] ?? 0) + y
      const next = x * turnX - y * turnY
      y = x * turnY + y * turnX
      x = next
    }
  }
  return {
    logs: sumRe.map((re, j) => highest + 0.5 * Math.log(re * re + (sumIm[j] ?? 0) ** 2)),
    angles: sumRe.map((re, j) => Math.atan2(sumIm[j] ?? 0, re)),
    work: kept * BLOCK,
  }
}

/** The ε at which δ is `delta`, found from one near it; null where there is no answer, 0 where δ covers everything. */
export function exactEpsilon(
  work: Work,
  direction: Direction,
  { moments, delta, near }: { readonly moments: Moments; readonly delta: number; readonly near: number },
): number | null {
  let guess = near
  for (let round = 0; round < 4; round += 1) {
    const contour = contourAt(work, direction, { moments, epsilon: guess })
    if (contour === null) return null
    const root = rootOf(contour, delta, guess)
    if (root === null) return null
    if (Math.abs(root - guess) <= 0.2 * guess) return root
    guess = root
  }
  return null
}

/** ln δ falls with ε, nearly along a parabola: secants on it, kept between ends that are known. */
function rootOf({ deltaAt }: Contour, delta: number, near: number): number | null {
  const error = (epsilon: number): number | null => {
    const found = deltaAt(epsilon)
    return found === null ? null : Math.log(found / delta)
  }
  let low = 0
  let high = Infinity
  let before = near
  let atBefore = error(before)
  if (atBefore === null) return null
  let x = atBefore > 0 ? near * 1.05 : near * 0.95
  for (let step = 0; step < ROOT_STEPS; step += 1) {
    const y = error(x)
    if (y === null) return null
    if (y > 0) low = x
    else high = x
    if (y === 0 || Math.abs(x - before) <= ROOT_WIDTH * x) return x
    let next: number = x - (y * (x - before)) / (y - atBefore)
    before = x
    atBefore = y
    if (!(next > low)) next = (x + low) / 2
    if (!(next < high)) next = (x + high) / 2
    if (next < near * 1e-9) return 0
    x = next
  }
  return null
}
