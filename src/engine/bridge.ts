/**
 * The only place that knows a worker exists. Every call races the worker's death, failures come back as
 * {@link SoftpostError}, and after a crash the next call starts a new worker, in which the model is to be opened anew.
 */
import { type Remote, transfer } from 'comlink'
import { type ErrorReport, fromReport, SoftpostError } from '../../workers/protocol/errors.ts'
import type { MechanismNumbers } from '../../workers/protocol/audit.ts'
import type { Task } from '../../workers/protocol/task.ts'
import type {
  ColumnChoice,
  DataChoice,
  Failure,
  LoadFile,
  ModelFile,
  Repair,
  TunerApi,
  TunerEvent,
} from '../../workers/protocol/tuner.ts'
import type { Answer } from '../../workers/protocol/answer.ts'
import type { TuningPlan, TuningRequest, WeightFormat } from '../../workers/protocol/tuning.ts'
import { type BackendWish, deviceFacts, memberCount } from './pool.ts'
import { TunerWorker } from './tunerWorker.ts'

type Current = { readonly worker: TunerWorker; readonly ready: Promise<TunerWorker> }

const eventListeners = new Set<(event: TunerEvent) => void>()
const endListeners = new Set<(error: ErrorReport) => void>()
let current: Current | null = null

/** The worker's progress; returns the way to stop listening. */
export function onTunerEvent(listener: (event: TunerEvent) => void): () => void {
  eventListeners.add(listener)
  return () => eventListeners.delete(listener)
}

/**
 * Told once for each worker that ends, with `cancelled` where the page wanted it; returns the way to stop listening.
 * What the worker held in memory is gone, what it stored is not.
 */
export function onTunerEnd(listener: (error: ErrorReport) => void): () => void {
  endListeners.add(listener)
  return () => endListeners.delete(listener)
}

let wish: BackendWish = 'auto'

/** What the next worker is to compute with; one that runs is ended. */
export function wishBackend(next: BackendWish): void {
  wish = next
  endTuner()
}

/** Ends the worker with everything that it holds in memory. The next call starts a new one. */
export function endTuner(): void {
  current?.worker.end(new SoftpostError('cancelled', 'the tuning worker was ended; load the model again'))
}

export const tuner = {
  probeNetwork: () => call((api) => api.probeNetwork()),
  openRuntime: (wasm: readonly ModelFile[], signal?: AbortSignal) =>
    call((api) => api.openRuntime(transfer({ backend: wish, wasm }, buffersOf(wasm))), signal),
  loadModel: (id: string, files: readonly LoadFile[], weights: WeightFormat, signal?: AbortSignal) =>
    call((api) => api.loadModel(id, transfer(files, buffersOf(files)), weights), signal),
  openData: (file: File, choice: DataChoice, signal?: AbortSignal) => call((api) => api.openData(file, choice), signal),
  repairFile: (file: File, choice: DataChoice, repairs: readonly Repair[]) =>
    call((api) => api.repairFile(file, choice, repairs)),
  setTask: (task: Task) => call((api) => api.setTask(task)),
  plan: (request: TuningRequest, signal?: AbortSignal) => call((api) => api.plan(request), signal),
  measure: (request: TuningRequest, signal?: AbortSignal) => call((api) => api.measure(request), signal),
  start: (plan: TuningPlan) => call((api) => api.start(plan)),
  pause: (runId: string) => call((api) => api.pause(runId)),
  resume: (runId: string) => call((api) => api.resume(runId)),
  stop: (runId: string) => call((api) => api.stop(runId)),
  exchangePrompt: (runId: string) => call((api) => api.exchangePrompt(runId)),
  runs: () => call((api) => api.runs()),
  deleteRun: (runId: string) => call((api) => api.deleteRun(runId)),
  predict: (runId: string | null, text: string, withoutPrompt = false) =>
    call<Answer>((api) => api.predict(runId, text, withoutPrompt)),
  labelFile: (runId: string | null, file: File, columns: ColumnChoice, control: MessagePort) =>
    call((api) => api.labelFile(runId, file, columns, transfer(control, [control]))),
  readTexts: (file: File, columns: ColumnChoice) => call((api) => api.readTexts(file, columns)),
  joinLabels: (file: File, columns: ColumnChoice, labels: readonly (Answer | null)[]) =>
    call((api) => api.joinLabels(file, columns, labels)),
  liftSeal: (runId: string | null) => call((api) => api.liftSeal(runId)),
  exactFigures: (runId: string) => call((api) => api.exactFigures(runId)),
  release: (runId: string, project: readonly string[] = []) => call((api) => api.release(runId, project)),
  testNoise: (mechanism: MechanismNumbers, control: MessagePort) =>
    call((api) => api.testNoise(mechanism, transfer(control, [control]))),
  markReleased: (runId: string) => call((api) => api.markReleased(runId)),
  fileBudget: () => call((api) => api.fileBudget()),
  setFileBudget: (epsilon: number) => call((api) => api.setFileBudget(epsilon)),
  saveBudget: (runId: string | null) => call((api) => api.saveBudget(runId)),
  restoreBudget: (file: File) => call((api) => api.restoreBudget(file)),
  mendLedger: () => call((api) => api.mendLedger()),
  ledger: () => call((api) => api.ledger()),
  saveBackup: () => call((api) => api.saveBackup()),
  restoreBackup: (file: File) => call((api) => api.restoreBackup(file)),
  countWaiting: (name: string) => call((api) => api.countWaiting(name)),
  attack: (runId: string, control: MessagePort) => call((api) => api.attack(runId, transfer(control, [control]))),
} as const

async function call<T>(ask: (api: Remote<TunerApi>) => Promise<T>, signal?: AbortSignal): Promise<T> {
  const worker = await running()
  const answer: T | Failure = await worker.death.race(ask(worker.api), signal)
  if (isFailure(answer)) throw fromReport(answer.failure)
  return answer
}

function isFailure(answer: unknown): answer is Failure {
  return typeof answer === 'object' && answer !== null && 'failure' in answer
}

/** What stays on disk is not sent at all. */
function buffersOf(files: readonly LoadFile[]): ArrayBuffer[] {
  return files.flatMap((file) => ('bytes' in file ? [file.bytes.buffer] : []))
}

function running(): Promise<TunerWorker> {
  if (current !== null) return current.ready
  const worker = new TunerWorker((event) => {
    for (const listener of eventListeners) listener(event)
  })
  const started: Current = { worker, ready: connect(worker) }
  current = started
  worker.death.onDeath(({ code, message }) => {
    if (current === started) current = null
    for (const listener of endListeners) listener({ code, message })
  })
  return started.ready
}

async function connect(worker: TunerWorker): Promise<TunerWorker> {
  try {
    await worker.connect(memberCount(await deviceFacts(), wish))
    return worker
  } catch (error) {
    worker.end(new SoftpostError('internal', 'the tuning worker did not start; reload the page', { cause: error }))
    throw error
  }
}
