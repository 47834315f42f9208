/** The way of progress to the page: few enough messages that it stays fluent. */
import type { TunerEvent } from '../protocol/tuner.ts'

type StepEvent = Extract<TunerEvent, { type: 'step' }>
type WithoutSeq<T> = T extends unknown ? Omit<T, 'seq'> : never
export type Progress = WithoutSeq<TunerEvent>

/** Steps follow each other no faster; all other events are rarer than two a second. */
const STEP_INTERVAL_MS = 125

export class EventPort {
  readonly #now: () => number
  #port: MessagePort | null = null
  #seq = 0
  #lastStep = -Infinity
  /** The newest step that came too early to be sent; the next one replaces it, any other event lets it out. */
  #waiting: Omit<StepEvent, 'seq'> | null = null

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  connect(port: MessagePort): void {
    this.#port?.close()
    this.#port = port
  }

  send(event: Progress): void {
    if (event.type === 'step' && this.#now() - this.#lastStep < STEP_INTERVAL_MS) {
      this.#waiting = event
      return
    }
    if (event.type === 'step') this.#waiting = null
    else if (this.#waiting !== null) this.#post(this.#waiting)
    this.#post(event)
  }

  #post(event: Progress): void {
    if (event.type === 'step') {
      this.#lastStep = this.#now()
      this.#waiting = null
    }
    this.#port?.postMessage({ ...event, seq: this.#seq++ } satisfies TunerEvent)
  }
}
