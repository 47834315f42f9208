/** Runs on the disk of the browser. Every method is one transaction. */
import { SoftpostError, type ErrorReport } from '../../protocol/errors.ts'
import type { HeldOutReport, RunStatus, SelfCheck, StepPoint } from '../../protocol/tuner.ts'
import type { TuningRows, TuningState } from '../../tune/types.ts'
import { Connection } from './connection.ts'
import { packRows, unpackRows } from './packedRows.ts'
import { DURABLE, type StoredRun } from './schema.ts'

export type Checkpoint = {
  readonly state: TuningState
  readonly points: readonly StepPoint[]
  readonly heldOut: HeldOutReport | null
  readonly other?: HeldOutReport | null
  readonly selfCheck?: SelfCheck
}

/** A run that is over needs its rows no more. */
const OVER: ReadonlySet<RunStatus> = new Set(['finished', 'stopped'])

/** Errors of all methods: `storage`; `not-found` for a run that is not there. */
export class RunStore {
  readonly #connection = new Connection()

  async create(run: StoredRun, { rows, state }: { readonly rows: TuningRows; readonly state: TuningState }) {
    await this.#connection.use(async (database) => {
      const change = database.transaction(['runs', 'rows', 'states'], 'readwrite', DURABLE)
      await Promise.all([
        change.objectStore('runs').add(run),
        change.objectStore('rows').add(packRows(rows), run.runId),
        change.objectStore('states').add(state, run.runId),
        change.done,
      ])
    })
  }

  /** Adds runs that are over, all or none; one that is here already stays as it is. Returns how many were added. */
  async restore(runs: readonly { readonly run: StoredRun; readonly state: TuningState }[]): Promise<number> {
    return await this.#connection.use(async (database) => {
      const change = database.transaction(['runs', 'states'], 'readwrite', DURABLE)
      const store = change.objectStore('runs')
      const known = new Set(await store.getAllKeys())
      const fresh = runs.filter(({ run }) => !known.has(run.runId))
      await Promise.all([
        ...fresh.flatMap(({ run, state }) => [store.add(run), change.objectStore('states').add(state, run.runId)]),
        change.done,
      ])
      return fresh.length
    })
  }

  /** Newest first. */
  async list(): Promise<StoredRun[]> {
    const runs = await this.#connection.use((database) => database.getAll('runs'))
    return runs.sort((a, b) => b.createdAt - a.createdAt)
  }

  async read(runId: string): Promise<StoredRun> {
    return requireRun(await this.#connection.use((database) => database.get('runs', runId)))
  }

  async readState(runId: string): Promise<TuningState> {
    const state = await this.#connection.use((database) => database.get('states', runId))
    if (state === undefined) throw notFound()
    return state
  }

  /** The rows of a run that is not over. */
  async readRows(runId: string): Promise<TuningRows> {
    const rows = await this.#connection.use((database) => database.get('rows', runId))
    if (rows === undefined) throw notFound()
    return unpackRows(rows)
  }

  /**
   * Spends the run's steps up to `stepsSpent`.
   * @throws SoftpostError `internal` where that would spend less than before, or more than was planned.
   */
  async reserve(runId: string, spent: { readonly stepsSpent: number; readonly epsilonSpent: number | null }) {
    await this.#connection.use(async (database) => {
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

  async checkpoint(runId: string, { state, ...curves }: Checkpoint) {
    await this.#connection.use(async (database) => {
      const change = database.transaction(['runs', 'states'], 'readwrite', DURABLE)
      const runs = change.objectStore('runs')
      const run = requireRun(await runs.get(runId))
      await Promise.all([
        runs.put({ ...run, ...curves, stepsDone: state.stepsDone }),
        change.objectStore('states').put(state, runId),
        change.done,
      ])
    })
  }

  async setStatus(runId: string, status: RunStatus, error: ErrorReport | null = null) {
    await this.#connection.use(async (database) => {
      const change = database.transaction(['runs', 'rows'], 'readwrite', DURABLE)
      const runs = change.objectStore('runs')
      const run = requireRun(await runs.get(runId))
      const changes: Promise<unknown>[] = [runs.put({ ...run, status, error }), change.done]
      if (OVER.has(status)) changes.push(change.objectStore('rows').delete(runId))
      await Promise.all(changes)
    })
  }

  async delete(runId: string) {
    await this.#connection.use(async (database) => {
      const change = database.transaction(['runs', 'rows', 'states'], 'readwrite', DURABLE)
      const stores = (['runs', 'rows', 'states'] as const).map((name) => change.objectStore(name).delete(runId))
      await Promise.all([...stores, change.done])
    })
  }
}

function requireRun(run: StoredRun | undefined): StoredRun {
  if (run === undefined) throw notFound()
  return run
}

function notFound(): SoftpostError {
  return new SoftpostError('not-found', 'this run is not among the saved ones; it may have been deleted in another tab')
}
