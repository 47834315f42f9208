/** A run at work: what it stores, what it tells the page, and how it goes on when the device is lost. */
import type { Engine } from '../pool/types.ts'
import type { Ledger } from '../privacy/ledger/ledger.ts'
import { toReport } from '../protocol/errors.ts'
import type { HeldOutReport, SelfCheck, StepPoint } from '../protocol/tuner.ts'
import { betterLook } from '../tune/choice.ts'
import { epsilonSpentAfter } from '../tune/schedule.ts'
import { runTuning } from '../tune/session.ts'
import type { TuningEnd, TuningHooks, TuningRows, TuningState } from '../tune/types.ts'
import type { EventPort } from './eventPort.ts'
import type { RunStore } from './storage/runStore.ts'
import type { StoredRun } from './storage/schema.ts'

export type RunParts = { readonly run: StoredRun; readonly rows: TuningRows; readonly state: TuningState }

export type RunServices = {
  readonly store: RunStore
  readonly ledger: Ledger
  readonly events: EventPort
  /** Opens the device again after it was lost; null where that cannot help. */
  readonly reopen: () => Promise<Engine | null>
}

/** The curves, which the next checkpoint saves. */
export type Curves = {
  readonly points: readonly StepPoint[]
  readonly heldOut: HeldOutReport | null
  readonly selfCheck?: SelfCheck
  readonly stepsDone: number
}

export class ActiveRun {
  readonly runId: string
  readonly #parts: RunParts
  readonly #services: RunServices
  readonly #points: StepPoint[]
  #heldOut: HeldOutReport | null
  #selfCheck: SelfCheck | undefined
  #stepsDone: number
  #stepsSpent: number
  #wish: 'go' | 'pause' | 'stop' = 'go'
  #ended: Promise<void> = Promise.resolve()

  constructor(parts: RunParts, services: RunServices) {
    const { runId, points, heldOut, selfCheck, stepsDone, stepsSpent } = parts.run
    this.runId = runId
    this.#parts = parts
    this.#services = services
    this.#points = [...points]
    this.#heldOut = heldOut
    this.#selfCheck = selfCheck
    this.#stepsDone = stepsDone
    this.#stepsSpent = stepsSpent
  }

  get curves(): Curves {
    const selfCheck = this.#selfCheck
    return {
      points: this.#points,
      heldOut: this.#heldOut,
      ...(selfCheck === undefined ? {} : { selfCheck }),
      stepsDone: this.#stepsDone,
    }
  }

  /** Begins; `onRest` is called when the run has come to rest, however it ended. */
  begin(engine: Engine, onRest: () => void): void {
    this.#services.events.send({ type: 'status', runId: this.runId, status: 'running' })
    this.#ended = this.#untilRest(engine).finally(onRest)
  }

  /** Resolves when the run has come to rest. A stop is stronger than a pause, whichever is asked for first. */
  async end(wish: 'pause' | 'stop'): Promise<void> {
    if (this.#wish !== 'stop') this.#wish = wish
    await this.#ended
  }

  async #untilRest(engine: Engine): Promise<void> {
    const { store, events } = this.#services
    const { runId } = this
    try {
      const status = await this.#tune(engine)
      await store.setStatus(runId, status)
      // Where that cannot be noted the run counts with all its planned steps, which is the safe side.
      if (status !== 'paused') await this.#services.ledger.end(runId).catch(() => undefined)
      events.send({ type: 'status', runId, status })
    } catch (error) {
      const report = toReport(error)
      // Sent first: where the storage is what failed, the status cannot be stored, and a run without a tab is paused.
      events.send({ type: 'failed', runId, error: report })
      await store.setStatus(runId, 'failed', report).catch(() => undefined)
    }
  }

  async #tune(engine: Engine): Promise<TuningEnd> {
    const { run, rows, state } = this.#parts
    const { plan, labelTokens } = run
    const { reopen } = this.#services
    const spentSteps = this.#stepsSpent
    return await runTuning({ engine, reopen, plan, labelTokens, rows, state, spentSteps, hooks: this.#hooks() })
  }

  #hooks(): TuningHooks {
    const { store, ledger, events } = this.#services
    const { runId } = this
    const epsilonSpent = epsilonSpentAfter(this.#parts.run.plan)
    return {
      reserve: async (stepsSpent) => {
        await ledger.spend(runId, stepsSpent)
        await store.reserve(runId, { stepsSpent, epsilonSpent: epsilonSpent(stepsSpent) })
        this.#stepsSpent = stepsSpent
      },
      checkpoint: async (state) => {
        const other = betterLook(state)?.report ?? null
        await store.checkpoint(runId, { state, other, ...this.curves })
        this.#stepsDone = state.stepsDone
        events.send({ type: 'checkpoint', runId, step: state.stepsDone })
      },
      onStep: (point, pace) => {
        this.#points.push(point)
        this.#stepsDone += 1
        events.send({ type: 'step', runId, point, stepsDone: this.#stepsDone, ...pace })
      },
      onHeldOut: (report) => {
        this.#heldOut = report
        events.send({ type: 'held-out', runId, report })
      },
      onSelfCheck: (report) => {
        this.#selfCheck = report
        events.send({ type: 'self-check', runId, report })
      },
      wish: () => this.#wish,
    }
  }
}
