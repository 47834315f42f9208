/** What a composed loss says: ε for a δ, and δ for an ε, both never below the truth. */
import type { Composed } from './spectrum.ts'

const MOST_POINTS = 2_000

/** The place where a profile crosses δ. */
export type Crossing = {
  readonly epsilon: number
  /** -f/δ' at ε, f the density of the loss: what a growth of the mean loss by one would add to ε. */
  readonly hazard: number
}

const NEVER: Crossing = { epsilon: Infinity, hazard: 0 }

/** Walks down from the top of the window while `visit` wants to go on. */
function walkDown(
  composed: Composed,
  visit: (at: { loss: number; delta: number; above: number; mass: number }) => boolean,
): void {
  const { step, tilt, window, tilted, logMass, infinite } = composed
  const shrink = Math.exp(-step)
  let mass = 0
  // Σ over higher losses l' of their mass times e^{-(l'-l)}.
  let above = 0
  for (let i = window.length - 1; i >= 0; i -= 1) {
    const loss = (window.first + i) * step
    const scale = Math.exp(logMass - tilt * loss)
    const noise = composed.noise * scale * Math.sqrt(squaredWeights(composed, window.length - 1 - i))
    const here = (tilted[i] ?? 0) * scale
    if (!visit({ loss, delta: infinite + noise + mass - above, above, mass: here })) return
    mass += here
    above = (above + here) * shrink
  }
}

/** Σ (e^{-λy}(1-e^{-y}))² over the `count` grid points above: by Cauchy and Schwarz, what the noise adds up to. */
function squaredWeights({ step, tilt }: Composed, count: number): number {
  if (tilt === 0) return count
  return Math.min(count, 1 + (1 / (2 * tilt) - 2 / (2 * tilt + 1) + 1 / (2 * tilt + 2)) / step)
}

/** δ at the grid points from ε = 0 on, at most so many of them. */
export function deltasOf(composed: Composed): { readonly epsilon: number; readonly delta: number }[] {
  const every = Math.max(1, Math.floor((composed.window.first + composed.window.length) / MOST_POINTS))
  const found: { readonly epsilon: number; readonly delta: number }[] = []
  walkDown(composed, ({ loss, delta }) => {
    const index = Math.round(loss / composed.step)
    if (index % every === 0) found.push({ epsilon: loss, delta: Math.min(1, Math.max(0, delta)) })
    return index > 0
  })
  return found.filter(({ epsilon }) => epsilon >= 0)
}

/** Smallest ε at which δ is at most `delta`; Infinity where no ε is. The window holds 0. */
export function crossingOf(composed: Composed, delta: number): Crossing {
  if (composed.infinite >= delta) return NEVER
  let found: Crossing | null = null
  walkDown(composed, ({ loss, delta: here, above, mass }) => {
    if (Number.isNaN(here)) return false
    if (here >= delta && above > 0) {
      // Inside the cell the masses above are fixed: δ(ε) = here + above - e^{ε-l} above.
      const epsilon = Math.max(0, loss + Math.log1p((here - delta) / above))
      found = { epsilon, hazard: Math.max(0, mass) / composed.step / above }
      return false
    }
    if (loss > 0) return true
    found = { epsilon: 0, hazard: 0 }
    return false
  })
  return found ?? NEVER
}
