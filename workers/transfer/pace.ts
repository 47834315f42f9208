/** How long a transfer still takes, from how long it took so far. */

export type PaceRequest = { readonly texts: number; readonly steps: number; readonly batchSize: number }

export type Pace = {
  constantsDone(texts: number): void
  stepsBegin(): void
  stepsDone(steps: number): void
  /** Null until something is known. */
  secondsLeft(): number | null
}

/**
 * Seconds of a text in a step against its seconds in the constants: forward and backward through the prompted teacher
 * against one pass of the teacher and two of the student. Only for the first guess; steps are then timed themselves.
 */
const STEP_SHARE = 2

export function createPace(
  { texts, steps, batchSize }: PaceRequest,
  now: () => number = () => performance.now(),
): Pace {
  const started = now()
  let stepsStarted: number | null = null
  let left: number | null = null
  const secondsSince = (start: number): number => (now() - start) / 1000
  return {
    constantsDone: (done) => {
      const perText = secondsSince(started) / done
      left = perText * (texts - done + steps * batchSize * STEP_SHARE)
    },
    stepsBegin: () => {
      stepsStarted = now()
    },
    stepsDone: (done) => {
      if (stepsStarted !== null) left = (secondsSince(stepsStarted) / done) * (steps - done)
    },
    secondsLeft: () => left,
  }
}
