/** Runs one transfer job: a compute process per attempt, its progress to disk, its output adopted once. */
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import * as z from 'zod/mini'
import { SoftpostError, toReport, type ErrorCode } from '../../protocol/errors.ts'
import type { BackendName } from '../../protocol/tuning.ts'
import { PARTS } from '../../protocol/wire.ts'
import { sha256Hex } from '../store/hash.ts'
import type { ModelRegistry } from '../store/modelRegistry.ts'
import { checkPromptFolder } from '../store/promptCheck.ts'
import type { PublicSets } from '../store/publicSets.ts'
import { QUEUED, isOver, type TransferRecord, type TransferStatus } from '../store/record.ts'
import type { Attempt, TransferStore } from '../store/transferStore.ts'
import { ComputeProcess, isCrash } from '../work/childProcess.ts'
import type { TransferWork } from '../work/types.ts'
import type { Log } from './log.ts'
import { startMeter } from './meter.ts'

/** A job that took its process down so often is not tried again. */
export const MAX_ATTEMPTS = 4

/** Errors of the machine and not of the request: another attempt may go well. */
const PASSING: ReadonlySet<ErrorCode> = new Set(['device-lost', 'out-of-memory', 'storage'])

export type RunnerDeps = {
  readonly store: TransferStore
  readonly models: ModelRegistry
  readonly publicSets: PublicSets
  readonly backend: 'auto' | BackendName
  readonly script: URL
  readonly silentMs?: number
  /** Steps where a request names none; null takes what suits the backend. */
  readonly transferSteps: number | null
  readonly log: Log
  /** Called after each write of a status. */
  readonly changed: (id: string) => void
  /** Called when an attempt is over, with the seconds it computed. */
  readonly spent: (seconds: number) => void
  /** Called now and then while an attempt computes, and at its end, with the seconds since. Never rejects. */
  readonly charge: (tenant: string, seconds: number) => Promise<void>
}

/** Why a run is ended from outside. */
export type StopReason = 'host-stops' | 'deleted' | 'row-lost'

const Progress = z.strictObject({
  phase: z.enum(['constants', 'steps']),
  step: z.int(),
  steps: z.int(),
  loss: z.nullable(z.number()),
  alpha: z.nullable(z.number()),
  secondsLeft: z.nullable(z.number()),
})

const Summary = z.object({ alpha: z.number(), steps: z.int(), loss: z.nullable(z.number()) })

/**
 * One attempt at a job. Returns when the job is over (either way) or gone; throws when its row should be tried again.
 * `signal.reason` is a {@link StopReason}.
 */
export async function runTransfer(deps: RunnerDeps, id: string, signal: AbortSignal): Promise<void> {
  const stored = await deps.store.read(id)
  if (stored === null || isOver(stored.status)) return
  const { record, status } = stored
  const attempts = status.attempts + 1
  const started = performance.now()
  const secondsNow = () => status.seconds + (performance.now() - started) / 1000
  const finish = async (end: Partial<TransferStatus>) => {
    await save(deps, id, { ...QUEUED, attempts, seconds: secondsNow(), ...end }, true)
  }
  if (attempts > MAX_ATTEMPTS) {
    const message = `the transfer ended ${MAX_ATTEMPTS} times without a result; send it again or ask the host's operator`
    return await finish({ state: 'failed', phase: 'done', error: { code: 'internal', message } })
  }
  const endMeter = startMeter((seconds) => deps.charge(record.tenant, seconds))
  try {
    const done = await attempt(deps, record, { attempts, secondsNow, signal })
    if (done === null) return
    await finish({ state: 'finished', phase: 'done', ...done })
    deps.log('info', 'transfer finished', { id, attempts })
  } catch (error) {
    const { code, message } = toReport(error)
    if (signal.aborted) {
      const again = signal.reason === 'host-stops' ? status.attempts : attempts
      if (signal.reason !== 'deleted') await finish({ attempts: again })
      if (signal.reason !== 'deleted') throw error
      return
    }
    deps.log('warn', `transfer attempt failed: ${message}`, { id, attempts, code })
    if (isCrash(error) || PASSING.has(code)) {
      await finish({})
      throw error
    }
    await finish({ state: 'failed', phase: 'done', error: { code, message } })
  } finally {
    deps.spent((performance.now() - started) / 1000)
    await endMeter()
  }
}

type Done = Pick<TransferStatus, 'result' | 'alpha' | 'step' | 'steps' | 'loss'>

/** Computes and adopts the result; null when the transfer was deleted, or finished by another process, meanwhile. */
async function attempt(deps: RunnerDeps, record: TransferRecord, run: Run): Promise<Done | null> {
  const folders = await deps.store.newAttempt(record)
  if (folders === null) return null
  try {
    return await compute(deps, record, folders, run)
  } finally {
    await folders.discard()
  }
}

type Run = { readonly attempts: number; readonly secondsNow: () => number; readonly signal: AbortSignal }

async function compute(
  deps: RunnerDeps,
  record: TransferRecord,
  folders: Attempt,
  { attempts, secondsNow, signal }: Run,
): Promise<Done | null> {
  await checkStored(folders.promptDir, record)
  const work = planWork(deps, record, folders)
  const running: TransferStatus = {
    ...QUEUED,
    state: 'running',
    attempts,
    seconds: secondsNow(),
    runner: { host: hostname(), pid: process.pid },
  }
  if (!(await save(deps, record.id, running, true))) return null
  const child = new ComputeProcess(
    deps.script,
    'transfer',
    deps.silentMs === undefined ? {} : { silentMs: deps.silentMs },
  )
  const gone = new AbortController()
  const writer = latestOnly(async (next: TransferStatus) => {
    if (!(await save(deps, record.id, next, false))) gone.abort('deleted')
  })
  try {
    const raw = await child.call(work, {
      signal: AbortSignal.any([signal, gone.signal]),
      onProgress: (value) => writer.push({ ...running, ...Progress.parse(value), seconds: secondsNow() }),
    })
    await writer.settled()
    const { alpha, steps, loss } = Summary.parse(raw)
    await checkPromptFolder(folders.outDir, deps.models.teacher(record.teacher).info.width)
    const result = await deps.store.adoptResult(record.id, folders)
    return result === null ? null : { result, alpha, step: steps, steps, loss }
  } catch (error) {
    if (gone.signal.aborted) return null
    throw error
  } finally {
    child.kill('is done')
    await Promise.all([child.exited, writer.settled()])
  }
}

/** The prompt on disk must still be the one that was sent. */
async function checkStored(promptDir: string, record: TransferRecord): Promise<void> {
  const weights = await readFile(join(promptDir, PARTS.weights))
  if (sha256Hex(weights) !== record.prompt.weightsSha256) {
    throw new SoftpostError('prompt-invalid', 'the stored prompt is damaged; send it again')
  }
}

function planWork(deps: RunnerDeps, record: TransferRecord, { promptDir, outDir, logitsDir }: Attempt): TransferWork {
  const { request } = record
  const { student } = deps.models.pair(request.student)
  const teacher = deps.models.teacher(record.teacher)
  const set = deps.publicSets.file(request.publicSet)
  const steps = request.steps ?? deps.transferSteps
  return {
    teacherDir: teacher.dir,
    studentDir: student.dir,
    promptDir,
    studentWeights: request.student.weights ?? 'f32',
    task: request.task,
    publicFile: set.path,
    textColumn: set.textColumn,
    ...(set.labelColumn === undefined ? {} : { labelColumn: set.labelColumn }),
    ...(set.labels === undefined ? {} : { labelWords: set.labels }),
    alpha: request.alpha,
    ...(steps === null ? {} : { steps }),
    backend: deps.backend,
    logitsDir,
    outDir,
  }
}

/** False when there is nothing left to say: the transfer is gone, or over, which it stays. */
async function save(deps: RunnerDeps, id: string, status: TransferStatus, durable: boolean): Promise<boolean> {
  const standing = await deps.store.read(id)
  if (standing === null || isOver(standing.status)) return false
  const there = await deps.store.writeStatus(id, status, { durable })
  deps.changed(id)
  return there
}

/** Writes one value at a time and of those that came meanwhile only the latest. */
function latestOnly<T>(write: (value: T) => Promise<void>): { push(value: T): void; settled(): Promise<void> } {
  let next: { readonly value: T } | null = null
  let failure: unknown = null
  let running: Promise<void> | null = null
  const drain = async () => {
    while (next !== null) {
      const { value } = next
      next = null
      await write(value)
    }
    running = null
  }
  return {
    push: (value) => {
      next = { value }
      running ??= drain().catch((error: unknown) => {
        failure = error
      })
    },
    settled: async () => {
      await running
      if (failure !== null) throw new SoftpostError('storage', 'progress could not be written', { cause: failure })
    },
  }
}
