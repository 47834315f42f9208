/** Runs on the disk of the browser. Every method is one transaction. */
import { SoftpostError, type ErrorReport } from '../../protocol/errors.ts'
import type { HeldOutReport, RunStatus, StepPoint } from '../../protocol/tuner.ts'
import type { TuningRows, TuningState } from '../../tune/types.ts'
import { packRows, unpackRows } from './packedRows.ts'
import type { StoredRun } from './schema.ts'
import { openWorkDatabase, stored, type WorkDatabase } from './workDatabase.ts'

export type Checkpoint = {
  readonly state: TuningState
  readonly points: readonly StepPoint[]
  readonly heldOut: HeldOutReport | null
}

/** On the disk when the call returns, not only in the browser's memory: what is spent must outlive a power cut. */
const DURABLE = { durability: 'strict' } as const

/** A run that is over needs its rows no more. */
const OVER: ReadonlySet<RunStatus> = new Set(['finished', 'stopped'])

/** Errors of all methods: `storage`; `not-found` for a run that is not there. */
export class RunStore {
  #database: Promise<WorkDatabase> | null = null

  async create(run: StoredRun, { rows, state }: { readonly rows: TuningRows; readonly state: TuningState }) {
    await this.#with(async (database) => {
      const change = database.transaction(['runs', 'rows', 'states'], 'readwrite', DURABLE)
      await Promise.all([
        change.objectStore('runs').add(run),
        change.objectStore('rows').add(packRows(rows), run.runId),
        change.objectStore('states').add(state, run.runId),
        change.done,
      ])
    })
  }

  /** Newest first. */
  async list(): Promise<StoredRun[]> {
    const runs = await this.#with((database) => database.getAll('runs'))
    return runs.sort((a, b) => b.createdAt - a.createdAt)
  }

  async read(runId: string): Promise<StoredRun> {
    return requireRun(await this.#with((database) => database.get('runs', runId)))
  }

  async readState(runId: string): Promise<TuningState> {
    const state = await this.#with((database) => database.get('states', runId))
    if (state === undefined) throw notFound()
    return state
  }

  /** The rows of a run that is not over. */
  async readRows(runId: string): Promise<TuningRows> {
    const rows = await this.#with((database) => database.get('rows', runId))
    if (rows === undefined) throw notFound()
    return unpackRows(rows)
  }

  /**
   * Spends the run's steps up to `stepsSpent`.
   * @throws SoftpostError `internal` where that would spend less than before, or more than was planned.
   */
  async reserve(runId: string, spent: { readonly stepsSpent: number; readonly epsilonSpent: number | null }) {
    await this.#with(async (database) => {
      const change = database.transaction('runs', 'readwrite', DURABLE)
      const run = requireRun(await change.store.get(runId))
      if (spent.stepsSpent <= run.stepsSpent || spent.stepsSpent > run.plan.steps) {
        throw new SoftpostError(
          'internal',
          `reserve: ${spent.stepsSpent} steps after ${run.stepsSpent} of ${run.plan.steps}`,
        )
      }
      await Promise.all([change.store.put({ ...run, ...spent }), change.done])
    })
  }

  async checkpoint(runId: string, { state, points, heldOut }: Checkpoint) {
    await this.#with(async (database) => {
      const change = database.transaction(['runs', 'states'], 'readwrite', DURABLE)
      const runs = change.objectStore('runs')
      const run = requireRun(await runs.get(runId))
      await Promise.all([
        runs.put({ ...run, stepsDone: state.stepsDone, points, heldOut }),
        change.objectStore('states').put(state, runId),
        change.done,
      ])
    })
  }

  async setStatus(runId: string, status: RunStatus, error: ErrorReport | null = null) {
    await this.#with(async (database) => {
      const change = database.transaction(['runs', 'rows'], 'readwrite', DURABLE)
      const runs = change.objectStore('runs')
      const run = requireRun(await runs.get(runId))
      const changes: Promise<unknown>[] = [runs.put({ ...run, status, error }), change.done]
      if (OVER.has(status)) changes.push(change.objectStore('rows').delete(runId))
      await Promise.all(changes)
    })
  }

  async delete(runId: string) {
    await this.#with(async (database) => {
      const change = database.transaction(['runs', 'rows', 'states'], 'readwrite', DURABLE)
      const stores = (['runs', 'rows', 'states'] as const).map((name) => change.objectStore(name).delete(runId))
      await Promise.all([...stores, change.done])
    })
  }

  async #with<T>(act: (database: WorkDatabase) => Promise<T>): Promise<T> {
    return await stored(async () => await act(await this.#open()))
  }

  /** A connection that was taken away, or could not be had, is asked for again the next time. */
  async #open(): Promise<WorkDatabase> {
    const forget = () => {
      this.#database = null
    }
    const opening = this.#database ?? openWorkDatabase(forget)
    this.#database = opening
    try {
      return await opening
    } catch (error) {
      forget()
      throw error
    }
  }
}

function requireRun(run: StoredRun | undefined): StoredRun {
  if (run === undefined) throw notFound()
  return run
}

function notFound(): SoftpostError {
  return new SoftpostError('not-found', 'this run is not among the saved ones; it may have been deleted in another tab')
}
