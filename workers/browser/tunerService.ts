/** The tuning worker's calls, over what is open (`workspace.ts`) and the runs (`runs.ts`). */
import type { Engine, EngineRequest } from '../pool/types.ts'
import { Ledger } from '../privacy/ledger/ledger.ts'
import { planPrivacy } from '../privacy/plan.ts'
import { oddsOf } from '../privacy/planOdds.ts'
import { cryptoRandom } from '../privacy/random.ts'
import type { Answer } from '../protocol/answer.ts'
import { SoftpostError } from '../protocol/errors.ts'
import type { ExactReport, PlanReport, Release, TunerApi } from '../protocol/tuner.ts'
import type { TuningPlan, TuningRequest } from '../protocol/tuning.ts'
import { DEFAULTS, makePlan, requestOf } from '../tune/plan.ts'
import { softPromptOf, startPrompt } from '../tune/prompt.ts'
import type { TuningRows } from '../tune/types.ts'
import { countUnits, type Units, unitsOf, withUnit } from '../tune/grouping.ts'
import { mechanismOf } from '../tune/units.ts'
import { attackRun } from './attack.ts'
import { createBackupCalls } from './backup/backupCalls.ts'
import { Waiting } from './backup/waiting.ts'
import { EventPort } from './eventPort.ts'
import { measureExactly } from './exactFigures.ts'
import { answerTexts, type Answering } from './answering.ts'
import { createLabelCalls } from './labelFile.ts'
import { estimate, MEASURE_MS, measureSecondsPerExample, stepsPerBlock, WARM_MS, warmingRows } from './measure.ts'
import { createLedgerCalls } from './ledgerCalls.ts'
import { probeNetwork } from './networkProbe.ts'
import { testNoise } from './noiseTest.ts'
import { repairFile } from './repairFile.ts'
import { releaseOf } from './releases.ts'
import { remembering } from './remembering.ts'
import { Runs, type NewRun } from './runs.ts'
import { Seal } from './seal.ts'
import { StepTimes } from './stepTimes.ts'
import { BrowserLedgerStore } from './storage/ledgerStore.ts'
import { cutDatabase } from './storage/cutDatabase.ts'
import { RunStore } from './storage/runStore.ts'
import type { StudentKey } from './storage/schema.ts'
import { WaitingStore } from './storage/waitingStore.ts'
import { Workspace, type GivenModel, type OpenTask } from './workspace.ts'

export type TunerParts = {
  readonly openEngine: (request: EngineRequest) => Promise<Engine>
  readonly locks: LockManager
  /** Where the network probe knocks: the page's own origin. */
  readonly origin: string
  /** For how long a plan's time is measured; tests have none to lose. */
  readonly measureMs?: number
}

/** A plan and what it was made from. */
type Planned = {
  readonly open: OpenTask
  readonly rows: TuningRows
  readonly request: TuningRequest
  readonly units: Units
  readonly plan: TuningPlan
}

export function createTuner({ openEngine, locks, origin, measureMs = MEASURE_MS }: TunerParts): TunerApi {
  const events = new EventPort()
  const ledger = new Ledger(new BrowserLedgerStore(locks))
  const store = new RunStore()
  const waiting = new Waiting(new WaitingStore(), ledger)
  const runs = new Runs({ store, ledger, locks, events, reopen: () => reopen() })
  const workspace = new Workspace(ledger, cryptoRandom)
  const seal = new Seal(ledger, workspace)
  const stepTimes = new StepTimes()
  // What a plan is made for, it is started, shown and measured with.
  const privacyOf = remembering(planPrivacy)
  const odds = remembering(oddsOf)
  let members: readonly MessagePort[] = []
  let engine: Engine | null = null
  /** What a lost GPU is opened with again. Without one nothing is kept: the weights are large. */
  let runtime: EngineRequest | null = null
  let model: GivenModel | null = null

  const reopen = async (): Promise<Engine | null> => {
    if (runtime === null || model === null) return null
    engine = await openEngine(runtime)
    await workspace.openModel(engine, model)
    return engine
  }
  const requireEngine = (): Engine => {
    if (engine === null) throw new SoftpostError('conflict', 'the runtime is not open; open it first')
    return engine
  }
  const studentKey = (): StudentKey => {
    const { report, weights } = workspace.student
    const { id, sha256, layers } = report
    return { id, sha256, layers, ...(weights === 'f32' ? {} : { weights }) }
  }
  const startOf = async (task: OpenTask['task'], promptLength: number) => {
    const { engine, report } = workspace.student
    const encoder = workspace.encoder(task, promptLength)
    const { vocabulary } = report
    return await startPrompt({ engine, encoder, vocabulary, promptLength, start: { kind: 'text' } })
  }

  /** The first passes are slow, since the browser compiles their code: they are made while a file is chosen and read. */
  const warmUp = async (): Promise<void> => {
    const { engine, report } = workspace.student
    // A GPU's kernels, compiled in one go, would keep whoever comes next waiting.
    if (engine.report.backend !== 'wasm' || measureMs === 0) return
    await measureSecondsPerExample({ ...warmingRows(report), engine, measureMs: WARM_MS, mayGoOn: () => runs.isAtRest })
  }

  const measurePlan = async ({ open, rows, plan }: Planned): Promise<void> => {
    if (stepTimes.known(rows, plan) !== null) return
    runs.requireRest()
    const prompt = await startOf(open.task, plan.promptLength)
    const { promptLength, privacy } = plan
    await stepTimes.get(rows, plan, () =>
      measureSecondsPerExample({
        engine: workspace.student.engine,
        labelTokens: open.labelTokens,
        rows,
        prompt,
        promptLength,
        measureMs,
        mayGoOn: () => runs.isAtRest,
        contribution: privacy === null ? { kind: 'plain' } : { kind: 'clipped', clipNorm: privacy.clipNorm },
      }),
    )
  }

  const planned = async (given: TuningRequest): Promise<Planned> => {
    const open = workspace.openTask()
    const promptLength = given.promptLength ?? DEFAULTS[given.budget === null ? 'plain' : 'private'].promptLength
    const rows = await open.encode(promptLength)
    const request = withUnit(given, rows.persons !== undefined)
    const units = unitsOf(rows, request.maxRowsPerPerson)
    const plan = makePlan(request, { task: open.task, ...countUnits(units) }, privacyOf)
    return { open, rows, request, units, plan }
  }

  const reportOf = async ({ open, rows, request, units, plan }: Planned): Promise<PlanReport> => {
    const known = stepTimes.known(rows, plan)
    const seconds = known === null ? null : estimate(plan, known, units)
    const checkpointEvery = request.checkpointEvery ?? stepsPerBlock(seconds)
    const budget = await ledger.forecast(open.units, { mechanism: mechanismOf(plan) })
    return { plan: { ...plan, checkpointEvery }, odds: odds(plan), seconds, budget }
  }

  /** The page gives the plan back; it must be the one that its own numbers and the open file make. */
  const newRun = async (given: TuningPlan): Promise<NewRun> => {
    const open = workspace.openTask()
    const { task, labelTokens, dataName, units } = open
    const rows = await open.encode(given.promptLength)
    const request = withUnit(requestOf(given), rows.persons !== undefined)
    const plan = makePlan(request, { task, ...countUnits(unitsOf(rows, request.maxRowsPerPerson)) }, privacyOf)
    const isSame =
      plan.trainRows === given.trainRows &&
      plan.privacy?.sigma === given.privacy?.sigma &&
      plan.privacy?.heldOutSigma === given.privacy?.heldOutSigma &&
      JSON.stringify(plan.task) === JSON.stringify(given.task)
    if (!isSame) {
      throw new SoftpostError('conflict', 'the file or the task has changed since the plan was made; plan again')
    }
    const prompt = await startOf(task, plan.promptLength)
    const { engine } = workspace.student
    return { engine, plan, dataName, student: studentKey(), labelTokens, rows, units, prompt }
  }

  const answeringOf = async (runId: string | null): Promise<Answering> => {
    if (runId === null) return { ...workspace.labels(), prompt: null }
    const { run, state } = await runs.read(runId, studentKey())
    const { plan, labelTokens } = run
    return { task: plan.task, labelTokens, prompt: softPromptOf(plan, state.prompt) }
  }

  const lookedAt = async (runId: string) => {
    const { run } = await runs.read(runId, studentKey())
    // Which texts are sealed is not known before its rows are.
    if (run.plan.privacy !== null) await waiting.requireKnown(runId)
    return { runId, isPrivate: run.plan.privacy !== null }
  }
  const mayAnswer = async (runId: string | null, texts: readonly string[]): Promise<void> => {
    await seal.requireFor(runId === null ? null : await lookedAt(runId), texts)
  }
  const exactFigures = async (runId: string): Promise<ExactReport> => {
    await seal.requireLifted(await lookedAt(runId))
    const { task, labelTokens, prompt } = await answeringOf(runId)
    if (prompt === null) throw new SoftpostError('internal', 'exactFigures: a run without a prompt')
    return await runs.atRest(() => measureExactly(workspace, { task, labelTokens }, prompt))
  }

  const predict = async (runId: string | null, text: string, withoutPrompt = false): Promise<Answer> => {
    const { prompt, ...labels } = await answeringOf(runId)
    await mayAnswer(runId, [text])
    const answering = { ...labels, prompt: withoutPrompt ? null : prompt }
    const [answer] = await answerTexts(workspace.student, answering, [text])
    if (answer === undefined) throw new SoftpostError('internal', 'predict: no answer to the text')
    return answer
  }

  const release = async (runId: string, others: readonly string[] = []): Promise<Release> => {
    const stored = await runs.read(runId, studentKey())
    await waiting.requireKnown(runId)
    return await releaseOf(ledger, stored, others)
  }

  const attack: TunerApi['attack'] = async (runId, port) => {
    try {
      const { run } = await runs.read(runId, studentKey())
      await waiting.requireKnown(runId)
      const report = await runs.atRest(() => attackRun(workspace, run, port))
      // Its figures are exact ones of real rows: noted before they are shown.
      if (run.plan.privacy !== null) await seal.lift(runId)
      return report
    } finally {
      port.close()
    }
  }

  return {
    connect: async (port, pool) => {
      events.connect(port)
      members = pool
    },
    probeNetwork: () => probeNetwork(origin),
    openRuntime: ({ backend, wasm }) =>
      runs.atRest(async () => {
        workspace.closeModel()
        const before = engine
        engine = null
        runtime = null
        // An engine whose device was lost has nothing left to close.
        await before?.close().catch(() => undefined)
        const request = { backend, wasm, members, cuts: cutDatabase }
        engine = await openEngine(request)
        runtime = engine.report.backend === 'webgpu' ? request : null
        return engine.report
      }),
    loadModel: async (id, files, weights) => {
      const report = await runs.atRest(async () => {
        const given = { id, files, weights }
        const report = await workspace.openModel(requireEngine(), given)
        model = runtime === null ? null : given
        return report
      })
      // A run or a measurement meets, and tells, what goes wrong here.
      warmUp().catch(() => undefined)
      return report
    },
    openData: (file, choice) => workspace.openData(file, choice),
    repairFile,
    setTask: (task) => workspace.setTask(task),
    plan: async (request) => await reportOf(await planned(request)),
    measure: async (request) => {
      const made = await planned(request)
      await measurePlan(made)
      return await reportOf(made)
    },
    start: async (plan) => ({ runId: await runs.start(() => newRun(plan)) }),
    pause: (runId) => runs.pause(runId),
    resume: (runId) => runs.resume(workspace.student.engine, studentKey(), runId),
    stop: (runId) => runs.stop(runId),
    exchangePrompt: (runId) => runs.exchangePrompt(runId),
    runs: () => runs.list(),
    deleteRun: (runId) => runs.delete(runId),
    predict,
    ...createLabelCalls(workspace, answeringOf, mayAnswer),
    liftSeal: async (runId) => {
      if (runId !== null) await waiting.requireKnown(runId)
      await seal.lift(runId)
    },
    exactFigures,
    release,
    testNoise,
    ...createLedgerCalls(ledger, workspace, waiting),
    ...createBackupCalls({ store, ledger, waiting, workspace }),
    attack,
  }
}
