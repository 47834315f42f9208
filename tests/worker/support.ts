/** The tuning worker behind its real protocol: comlink over a message channel, the real engine, the browser's database. */
import 'fake-indexeddb/auto'
import { readFile } from 'node:fs/promises'
import { IDBFactory } from 'fake-indexeddb'
import { expose, transfer, wrap, type Remote } from 'comlink'
import { afterAll, afterEach, beforeEach } from 'vitest'
import type { AnsweringApi } from '../../workers/browser/failures.ts'
import { answering } from '../../workers/browser/failures.ts'
import { createTuner, type TunerParts } from '../../workers/browser/tunerService.ts'
import { readModelFolder } from '../../workers/host/modelFolder.ts'
import { openHostEngine } from '../../workers/host/openEngine.ts'
import type { Engine } from '../../workers/pool/types.ts'
import type { ErrorCode, ErrorReport } from '../../workers/protocol/errors.ts'
import { isText, type Answer } from '../../workers/protocol/answer.ts'
import { ClassifyTask } from '../../workers/protocol/task.ts'
import type { Failure, Prediction, RunStatus, RunSummary, TunerEvent } from '../../workers/protocol/tuner.ts'
import type { TuningRequest, WeightFormat } from '../../workers/protocol/tuning.ts'
import { DEMO_STUDENT } from '../unit/model/support.ts'

const samples = new URL('../../public/samples/', import.meta.url)

/** One engine for all tabs of a test file: opening one takes longer than a tiny run. */
let engine: Promise<Engine> | null = null

async function sharedEngine(): Promise<Engine> {
  engine ??= openHostEngine({ backend: 'wasm', workers: 1 })
  // A tab that opens its runtime anew closes the engine before; this one is shared.
  return Object.assign(Object.create(await engine), { close: () => Promise.resolve() })
}

/** The shared engine with another way to tune, which may go by the real one. */
export async function engineTuning(
  change: (tune: Engine['tune'], batch: Parameters<Engine['tune']>[0]) => ReturnType<Engine['tune']>,
): Promise<Engine> {
  const engine = await sharedEngine()
  const tune: Engine['tune'] = async (batch) => await change(async (asked) => await engine.tune(asked), batch)
  return Object.assign(Object.create(engine), { tune })
}

export async function closeSharedEngine(): Promise<void> {
  await (await engine)?.close()
  engine = null
}

/** A browser that has kept nothing yet: no runs, and a ledger that knows no file. */
export function newBrowser(): void {
  globalThis.indexedDB = new IDBFactory()
}

/** The sample's task, and as many of its rows as a file of their own. */
export async function sampleTask(): Promise<ClassifyTask> {
  return ClassifyTask.parse(JSON.parse(await readFile(new URL('banking-task.json', samples), 'utf8')))
}

export async function sampleFile(rows: number, name = 'bank.csv'): Promise<File> {
  const [header = '', ...lines] = (await readFile(new URL('banking.csv', samples), 'utf8')).split('\n')
  // Spread over the file, which may be sorted by class.
  const stride = Math.floor(lines.length / rows)
  const chosen = Array.from({ length: rows }, (_, index) => lines[index * stride] ?? '')
  return new File([[header, ...chosen].join('\n')], name)
}

export function csvFile(lines: readonly string[], name = 'rows.csv'): File {
  return new File([lines.join('\n')], name)
}

/** A plan of seconds: what it learns is not the point. */
export const TINY: TuningRequest = {
  budget: null,
  promptLength: 4,
  batchSize: 8,
  steps: 4,
  checkpointEvery: 2,
}

export const BUDGET = { epsilon: 8, delta: 1e-5 }

export const PRIVATE: TuningRequest = { ...TINY, budget: BUDGET }

/** One browser tab with its worker. */
export class Tab {
  readonly api: Remote<AnsweringApi>
  readonly events: TunerEvent[] = []
  readonly #ports: MessagePort[]
  readonly #waiting = new Set<() => void>()
  readonly #progress = new MessageChannel()

  constructor(parts: Partial<TunerParts> = {}) {
    const tuner = createTuner({
      openEngine: sharedEngine,
      locks: navigator.locks,
      origin: 'http://127.0.0.1:9',
      measureMs: 0,
      ...parts,
    })
    const { port1, port2 } = new MessageChannel()
    this.#ports = [port1, port2, this.#progress.port1]
    expose(answering(tuner), port1)
    this.api = wrap<AnsweringApi>(port2)
    this.#progress.port1.onmessage = ({ data }: MessageEvent<TunerEvent>) => {
      this.events.push(data)
      for (const look of this.#waiting) look()
    }
  }

  /** Runtime and model, as the page opens them. */
  async open(weights: WeightFormat = 'f32'): Promise<this> {
    const { port2 } = this.#progress
    answerOf(await this.api.connect(transfer(port2, [port2]), []))
    answerOf(await this.api.openRuntime({ backend: 'wasm', wasm: [] }))
    const { files } = await readModelFolder(DEMO_STUDENT)
    answerOf(await this.api.loadModel('demo-student', files, weights))
    return this
  }

  async openSample(rows = 120): Promise<this> {
    answerOf(await this.api.openData(await sampleFile(rows), {}))
    answerOf(await this.api.setTask(await sampleTask()))
    return this
  }

  async start(request: TuningRequest = TINY): Promise<string> {
    const { plan } = answerOf(await this.api.plan(request))
    return answerOf(await this.api.start(plan)).runId
  }

  /** A run from its start to its end. */
  async tune(request: TuningRequest = PRIVATE): Promise<string> {
    const runId = await this.start(request)
    await this.untilStatus(runId, 'finished')
    return runId
  }

  async run(runId: string): Promise<RunSummary> {
    const run = answerOf(await this.api.runs()).find((run) => run.runId === runId)
    if (!run) throw new Error(`no run ${runId}`)
    return run
  }

  /** Resolves with the first event, past or to come, that fits. */
  async until(fits: (event: TunerEvent) => boolean): Promise<TunerEvent> {
    return await new Promise((resolve) => {
      const look = () => {
        const found = this.events.find(fits)
        if (!found) return
        this.#waiting.delete(look)
        resolve(found)
      }
      this.#waiting.add(look)
      look()
    })
  }

  async untilStatus(runId: string, status: RunStatus): Promise<void> {
    await this.until((event) => event.type === 'status' && event.runId === runId && event.status === status)
  }

  close(): void {
    for (const port of this.#ports) port.close()
  }
}

/** What a call gave; a failure fails the test. */
export function answerOf<T>(answer: T | Failure): T {
  if (isFailure(answer)) throw new Error(`${answer.failure.code}: ${answer.failure.message}`)
  return answer
}

/** An answer that must be a class. */
export function classOf(answer: Answer): Prediction {
  if (isText(answer)) throw new Error('expected a class, got a text')
  return answer
}

export function failureOf(code: ErrorCode, answer: unknown): ErrorReport {
  if (!isFailure(answer)) throw new Error(`expected ${code}, got ${JSON.stringify(answer)}`)
  if (answer.failure.code !== code) throw new Error(`expected ${code}, got ${JSON.stringify(answer.failure)}`)
  return answer.failure
}

function isFailure(answer: unknown): answer is Failure {
  return typeof answer === 'object' && answer !== null && 'failure' in answer
}

/** For a whole test file: gives tabs that are closed after each test, in a browser that has kept nothing yet. */
export function tabsOfEachTest(): (parts?: ConstructorParameters<typeof Tab>[0]) => Tab {
  const tabs: Tab[] = []
  beforeEach(newBrowser)
  afterEach(() => {
    for (const tab of tabs.splice(0)) tab.close()
  })
  afterAll(closeSharedEngine)
  return (parts) => {
    const tab = new Tab(parts)
    tabs.push(tab)
    return tab
  }
}
