/** Runs at work and at rest: one works at a time, each in one tab, and what is stored is what happened. */
import type { Engine } from '../pool/types.ts'
import type { Entry } from '../privacy/ledger/entries.ts'
import type { Ledger } from '../privacy/ledger/ledger.ts'
import type { UnitSet } from '../privacy/ledger/units.ts'
import { SoftpostError } from '../protocol/errors.ts'
import type { HeldOutReport, RunStatus, RunSummary } from '../protocol/tuner.ts'
import type { TuningPlan } from '../protocol/tuning.ts'
import type { LabelTokens } from '../task/answers.ts'
import { exchanged } from '../tune/choice.ts'
import { startState } from '../tune/optimizer.ts'
import { epsilonSpentAfter } from '../tune/schedule.ts'
import type { TuningRows, TuningState } from '../tune/types.ts'
import { mechanismOf, unitOf } from '../tune/units.ts'
import { ActiveRun, type RunParts, type RunServices } from './activeRun.ts'
import { claimedRuns, claimRun } from './runLocks.ts'
import type { RunStore } from './storage/runStore.ts'
import type { StoredRun, StudentKey } from './storage/schema.ts'

export type NewRun = {
  readonly engine: Engine
  readonly plan: TuningPlan
  readonly dataName: string
  readonly student: StudentKey
  readonly labelTokens: LabelTokens | null
  readonly rows: TuningRows
  readonly units: UnitSet
  readonly prompt: Float32Array<ArrayBuffer>
}

export type RunsRequest = RunServices & { readonly locks: LockManager }

export class Runs {
  readonly #services: RunServices
  readonly #store: RunStore
  readonly #ledger: Ledger
  readonly #locks: LockManager
  #active: ActiveRun | null = null
  #isChanging = false

  constructor({ locks, ...services }: RunsRequest) {
    this.#services = services
    this.#store = services.store
    this.#ledger = services.ledger
    this.#locks = locks
  }

  /** @throws SoftpostError `busy` while a run is at work here, or about to be. */
  requireRest(): void {
    if (this.#active !== null) throw new SoftpostError('busy', 'a run is at work; pause or stop it first')
    if (this.#isChanging) throw new SoftpostError('busy', 'a model or a run is being opened; wait until it is')
  }

  get isAtRest(): boolean {
    return this.#active === null && !this.#isChanging
  }

  /** Does what no run may be at work for, and lets none begin meanwhile. Errors: `busy`. */
  async atRest<T>(act: () => Promise<T>): Promise<T> {
    this.requireRest()
    this.#isChanging = true
    try {
      return await act()
    } finally {
      this.#isChanging = false
    }
  }

  async start(make: () => Promise<NewRun>): Promise<string> {
    return await this.atRest(async () => await this.#start(await make()))
  }

  /** The ledger has the run before anything of it is computed. */
  async #start({ engine, rows, units, prompt, ...given }: NewRun): Promise<string> {
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
    const { runId: id, dataName, plan } = run
    const release = await this.#claim(id)
    try {
      await this.#ledger.reserve(units, [
        { id, purpose: 'tune', dataName, unit: unitOf(plan), mechanism: mechanismOf(plan) },
      ])
      await this.#store.create(run, { rows, state })
      this.#begin(engine, { run, rows, state }, release)
    } catch (error) {
      // Nothing was computed; where that cannot be noted the reservation stands, which is the safe side.
      await this.#ledger.end(id).catch(() => undefined)
      release()
      throw error
    }
    return id
  }

  /** Goes on from the last checkpoint, with fresh batches and fresh noise. */
  async resume(engine: Engine, student: StudentKey, runId: string): Promise<void> {
    if (this.#active?.runId === runId) return
    await this.atRest(async () => await this.#resume(engine, student, runId))
  }

  async #resume(engine: Engine, student: StudentKey, runId: string): Promise<void> {
    const release = await this.#claim(runId)
    try {
      const stored = await this.#store.read(runId)
      requireSameStudent(stored, student)
      const run = { ...stored, ...spentOf(stored, await this.#ledger.entry(runId)) }
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
    if (this.#active?.runId === runId) return await this.#active.end('pause')
    const run = await this.#store.read(runId)
    if (statusOf(run, await claimedRuns(this.#locks)) === 'running') throw inOtherTab()
  }

  /** Ends a run for good; its last prompt stays. */
  async stop(runId: string): Promise<void> {
    if (this.#active?.runId === runId) return await this.#active.end('stop')
    const release = await this.#claim(runId)
    try {
      if (isOver((await this.#store.read(runId)).status)) return
      await this.#store.setStatus(runId, 'stopped')
      await this.#ledger.end(runId)
      this.#services.events.send({ type: 'status', runId, status: 'stopped' })
    } finally {
      release()
    }
  }

  /** Takes the prompt of an earlier look, or the last one back. Errors: `conflict` where there is no choice. */
  async exchangePrompt(runId: string): Promise<void> {
    const release = await this.#claim(runId)
    try {
      const { status, other, points, heldOut } = await this.#store.read(runId)
      const exchange = isOver(status) && other ? exchanged(await this.#store.readState(runId)) : null
      if (exchange === null) {
        throw new SoftpostError('conflict', 'the run has no other prompt to take; the one it has stays as it is')
      }
      const { state, look } = exchange
      const isLast = heldOut?.chosen === true
      const taken: HeldOutReport = isLast ? look.report : { ...look.report, chosen: true }
      await this.#store.checkpoint(runId, { state, points, heldOut: taken, other: state.looks?.best.report ?? null })
    } finally {
      release()
    }
  }

  /** The run and its prompt are gone; what was spent stays in the ledger. */
  async delete(runId: string): Promise<void> {
    if (this.#active?.runId === runId) {
      throw new SoftpostError('busy', 'the run is at work; stop it before it is deleted')
    }
    const release = await this.#claim(runId)
    try {
      await this.#store.delete(runId)
      await this.#ledger.end(runId)
    } finally {
      release()
    }
  }

  async list(): Promise<RunSummary[]> {
    const [runs, entries, seen] = await Promise.all([
      this.#store.list(),
      this.#ledger.entries(),
      this.#ledger.seenRuns(),
    ])
    const claimed = await claimedRuns(this.#locks)
    return runs.map((run) => {
      const { runId } = run
      return this.#summary(run, { claimed, entry: entries.get(runId), isSeen: seen.has(runId) })
    })
  }

  /** A run and its last checkpoint. Errors: `prompt-mismatch` for a run of another student. */
  async read(runId: string, student: StudentKey): Promise<{ readonly run: StoredRun; readonly state: TuningState }> {
    const run = await this.#store.read(runId)
    requireSameStudent(run, student)
    return { run, state: await this.#store.readState(runId) }
  }

  #begin(engine: Engine, parts: RunParts, release: () => void): void {
    const active = new ActiveRun(parts, this.#services)
    this.#active = active
    active.begin(engine, () => {
      this.#active = null
      release()
    })
  }

  async #claim(runId: string): Promise<() => void> {
    const release = await claimRun(this.#locks, runId)
    if (release === null) throw inOtherTab()
    return release
  }

  #summary(
    run: StoredRun,
    {
      claimed,
      entry,
      isSeen,
    }: { readonly claimed: ReadonlySet<string>; readonly entry: Entry | undefined; readonly isSeen: boolean },
  ): RunSummary {
    const { runId, dataName, createdAt, plan } = run
    const { stepsSpent, epsilonSpent } = entry === undefined ? run : spentOf(run, entry)
    const ledger = entry === undefined ? null : { saved: entry.saved, released: entry.released }
    const own = this.#active?.runId === runId ? this.#active.curves : run
    const { points, heldOut, selfCheck = null, stepsDone } = own
    const status = statusOf(run, claimed)
    const other = isOver(status) ? (run.other ?? null) : null
    return {
      runId,
      status,
      dataName,
      createdAt,
      plan,
      weights: run.student.weights ?? 'f32',
      stepsDone,
      stepsSpent,
      epsilonSpent,
      points,
      heldOut,
      other,
      selfCheck,
      seal: plan.privacy === null ? null : isSeen ? 'lifted' : 'closed',
      ledger,
    }
  }
}

/** A run that was at work when its tab ended is at rest: nobody holds its lock. */
function statusOf({ status, runId }: StoredRun, claimed: ReadonlySet<string>): RunStatus {
  return status === 'running' && !claimed.has(runId) ? 'paused' : status
}

/** A tab may have ended between the ledger's note and the run's: the ledger's is the first. */
function spentOf(
  { plan, stepsSpent, epsilonSpent }: StoredRun,
  entry: Entry,
): Pick<StoredRun, 'stepsSpent' | 'epsilonSpent'> {
  if (entry.stepsSpent <= stepsSpent) return { stepsSpent, epsilonSpent }
  return { stepsSpent: entry.stepsSpent, epsilonSpent: epsilonSpentAfter(plan)(entry.stepsSpent) }
}

function isOver(status: RunStatus): boolean {
  return status === 'finished' || status === 'stopped'
}

function requireSameStudent({ student }: StoredRun, { id, sha256, weights = 'f32' }: StudentKey): void {
  const made = student.weights ?? 'f32'
  if (student.sha256 === sha256 && made === weights) return
  if (student.sha256 === sha256) {
    throw new SoftpostError(
      'prompt-mismatch',
      `the run was made with the model's weights as ${made} and they are ${weights} here; load the model anew with ${made}`,
      { data: { needed: made, open: weights } },
    )
  }
  throw new SoftpostError(
    'prompt-mismatch',
    `the run was made for model ${student.id} and ${id} is open; open ${student.id} to use it`,
    { data: { needed: student.id, open: id } },
  )
}

function inOtherTab(): SoftpostError {
  return new SoftpostError('busy', 'another tab works on this run; pause it there, or close that tab')
}
