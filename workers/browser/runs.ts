/** Runs at work and at rest: one works at a time, each in one tab, and what is stored is what happened. */
import type { Engine } from '../pool/types.ts'
import { SoftpostError, toReport } from '../protocol/errors.ts'
import type { HeldOutReport, RunStatus, RunSummary, StepPoint } from '../protocol/tuner.ts'
import type { TuningPlan } from '../protocol/tuning.ts'
import { startState } from '../tune/optimizer.ts'
import { epsilonSpentAfter } from '../tune/schedule.ts'
import { runTuning } from '../tune/session.ts'
import type { TuningHooks, TuningRows, TuningState } from '../tune/types.ts'
import type { EventPort } from './eventPort.ts'
import { claimedRuns, claimRun } from './runLocks.ts'
import type { RunStore } from './storage/runStore.ts'
import type { StoredRun, StudentKey } from './storage/schema.ts'

export type NewRun = {
  readonly plan: TuningPlan
  readonly dataName: string
  readonly student: StudentKey
  readonly labelTokens: readonly (readonly number[])[]
  readonly rows: TuningRows
  readonly prompt: Float32Array<ArrayBuffer>
}

/** The run that this worker works on, with the curves that the next checkpoint saves. */
type Work = {
  readonly runId: string
  wish: 'go' | 'pause' | 'stop'
  points: StepPoint[]
  heldOut: HeldOutReport | null
  stepsDone: number
  /** Settles when the run has come to rest; never rejects. */
  ended: Promise<void>
}

export type RunsRequest = { readonly store: RunStore; readonly locks: LockManager; readonly events: EventPort }

export class Runs {
  readonly #store: RunStore
  readonly #locks: LockManager
  readonly #events: EventPort
  #work: Work | null = null

  constructor({ store, locks, events }: RunsRequest) {
    this.#store = store
    this.#locks = locks
    this.#events = events
  }

  /** @throws SoftpostError `busy` while a run is at work here. */
  requireRest(): void {
    if (this.#work !== null) throw new SoftpostError('busy', 'a run is at work; pause or stop it first')
  }

  async start(engine: Engine, { rows, prompt, ...given }: NewRun): Promise<string> {
    this.requireRest()
    const run: StoredRun = {
      ...given,
      runId: crypto.randomUUID(),
      createdAt: Date.now(),
      status: 'running',
      stepsDone: 0,
      stepsSpent: 0,
      epsilonSpent: given.plan.privacy === null ? null : 0,
      points: [],
      heldOut: null,
      error: null,
    }
    const state = startState(prompt)
    const release = await this.#claim(run.runId)
    try {
      await this.#store.create(run, { rows, state })
      this.#begin(engine, { run, rows, state }, release)
    } catch (error) {
      release()
      throw error
    }
    return run.runId
  }

  /** Goes on from the last checkpoint, with fresh batches and fresh noise. */
  async resume(engine: Engine, student: StudentKey, runId: string): Promise<void> {
    if (this.#work?.runId === runId) return
    this.requireRest()
    const release = await this.#claim(runId)
    try {
      const run = await this.#store.read(runId)
      requireSameStudent(run, student)
      if (isOver(run.status)) throw new SoftpostError('conflict', `the run is ${run.status}; start a new one`)
      const [rows, state] = await Promise.all([this.#store.readRows(runId), this.#store.readState(runId)])
      await this.#store.setStatus(runId, 'running')
      this.#begin(engine, { run, rows, state }, release)
    } catch (error) {
      release()
      throw error
    }
  }

  /** Returns when the run has come to rest. */
  async pause(runId: string): Promise<void> {
    if (this.#work?.runId === runId) return await this.#wish(this.#work, 'pause')
    const { status } = await this.#statusOf(await this.#store.read(runId))
    if (status === 'running') throw inOtherTab()
  }

  /** Ends a run for good; its last prompt stays. */
  async stop(runId: string): Promise<void> {
    if (this.#work?.runId === runId) return await this.#wish(this.#work, 'stop')
    const release = await this.#claim(runId)
    try {
      if (isOver((await this.#store.read(runId)).status)) return
      await this.#settle(runId, 'stopped')
    } finally {
      release()
    }
  }

  async delete(runId: string): Promise<void> {
    if (this.#work?.runId === runId) {
      throw new SoftpostError('busy', 'the run is at work; stop it before it is deleted')
    }
    const release = await this.#claim(runId)
    try {
      await this.#store.delete(runId)
    } finally {
      release()
    }
  }

  async list(): Promise<RunSummary[]> {
    const runs = await this.#store.list()
    const claimed = await claimedRuns(this.#locks)
    return runs.map((run) => this.#summary(run, claimed))
  }

  /** A run and its last checkpoint. Errors: `prompt-mismatch` for a run of another student. */
  async read(runId: string, student: StudentKey): Promise<{ readonly run: StoredRun; readonly state: TuningState }> {
    const run = await this.#store.read(runId)
    requireSameStudent(run, student)
    return { run, state: await this.#store.readState(runId) }
  }

  #begin(
    engine: Engine,
    { run, rows, state }: { readonly run: StoredRun; readonly rows: TuningRows; readonly state: TuningState },
    release: () => void,
  ): void {
    const { runId, plan, labelTokens, stepsSpent: spentSteps } = run
    const { heldOut, stepsDone } = run
    const work: Work = { runId, wish: 'go', points: [...run.points], heldOut, stepsDone, ended: Promise.resolve() }
    this.#work = work
    this.#events.send({ type: 'status', runId, status: 'running' })
    const job = { engine, plan, labelTokens, rows, state, spentSteps, hooks: this.#hooks(work, run) }
    work.ended = this.#untilRest(runId, () => runTuning(job)).finally(() => {
      this.#work = null
      release()
    })
  }

  async #untilRest(runId: string, work: () => ReturnType<typeof runTuning>): Promise<void> {
    try {
      await this.#settle(runId, await work())
    } catch (error) {
      const report = toReport(error)
      // Sent first: where the storage is what failed, the status cannot be stored, and a run without a tab is paused.
      this.#events.send({ type: 'failed', runId, error: report })
      await this.#store.setStatus(runId, 'failed', report).catch(() => undefined)
    }
  }

  async #settle(runId: string, status: RunStatus): Promise<void> {
    await this.#store.setStatus(runId, status)
    this.#events.send({ type: 'status', runId, status })
  }

  #hooks(work: Work, { runId, plan }: StoredRun): TuningHooks {
    const epsilonSpent = epsilonSpentAfter(plan)
    return {
      reserve: async (stepsSpent) => {
        await this.#store.reserve(runId, { stepsSpent, epsilonSpent: epsilonSpent(stepsSpent) })
      },
      checkpoint: async (state) => {
        const { points, heldOut } = work
        await this.#store.checkpoint(runId, { state, points, heldOut })
        this.#events.send({ type: 'checkpoint', runId, step: state.stepsDone })
      },
      onStep: (point, pace) => {
        work.points.push(point)
        work.stepsDone += 1
        this.#events.send({ type: 'step', runId, point, stepsDone: work.stepsDone, ...pace })
      },
      onHeldOut: (report) => {
        work.heldOut = report
        this.#events.send({ type: 'held-out', runId, report })
      },
      wish: () => work.wish,
    }
  }

  /** A stop is stronger than a pause, whichever is asked for first. */
  async #wish(work: Work, wish: 'pause' | 'stop'): Promise<void> {
    if (work.wish !== 'stop') work.wish = wish
    await work.ended
  }

  async #claim(runId: string): Promise<() => void> {
    const release = await claimRun(this.#locks, runId)
    if (release === null) throw inOtherTab()
    return release
  }

  #summary(run: StoredRun, claimed: ReadonlySet<string>): RunSummary {
    const { runId, dataName, createdAt, plan, stepsSpent, epsilonSpent } = run
    const own = this.#work?.runId === runId ? this.#work : run
    const { points, heldOut, stepsDone } = own
    const status = statusOf(run, claimed)
    return { runId, status, dataName, createdAt, plan, stepsDone, stepsSpent, epsilonSpent, points, heldOut }
  }

  async #statusOf(run: StoredRun): Promise<{ readonly status: RunStatus }> {
    return { status: statusOf(run, await claimedRuns(this.#locks)) }
  }
}

/** A run that was at work when its tab ended is at rest: nobody holds its lock. */
function statusOf({ status, runId }: StoredRun, claimed: ReadonlySet<string>): RunStatus {
  return status === 'running' && !claimed.has(runId) ? 'paused' : status
}

function isOver(status: RunStatus): boolean {
  return status === 'finished' || status === 'stopped'
}

function requireSameStudent({ student }: StoredRun, { id, sha256 }: StudentKey): void {
  if (student.sha256 === sha256) return
  throw new SoftpostError(
    'prompt-mismatch',
    `the run was made for model ${student.id} and ${id} is open; open ${student.id} to use it`,
    { data: { needed: student.id, open: id } },
  )
}

function inOtherTab(): SoftpostError {
  return new SoftpostError('busy', 'another tab works on this run; pause it there, or close that tab')
}
