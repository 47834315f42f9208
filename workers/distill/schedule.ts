/** The learning rate over a run: up in a line over the first part, then down to 0 in a line. */

export const WARM_UP = 0.05

/** `done` is the share of the run that lies behind, 0 to 1. */
export function rateAt(peak: number, done: number): number {
  const left = Math.max(0, Math.min(1, (1 - done) / (1 - WARM_UP)))
  return peak * Math.min(left, (done + 1e-3) / WARM_UP)
}
