/**
 * What the page and the tuning worker say to each other. The page calls {@link TunerApi} through comlink; progress
 * comes back as {@link TunerEvent} over one MessagePort, at most ten a second.
 */
import type { Answer } from './answer.ts'
import type { AttackReport, MechanismNumbers, NoiseTest } from './audit.ts'
import type { RestoredBackup, SavedBackup } from './backup.ts'
import type { Certificate } from './certificate.ts'
import type { ErrorReport } from './errors.ts'
import type { BrowserLedgerReport, BudgetForecast, FileBudget } from './ledger.ts'
import type { Task } from './task.ts'
import type { BackendName, PlanOdds, RuntimeReport, TuningPlan, TuningRequest, WeightFormat } from './tuning.ts'

/** One file of a model folder as bytes. */
export type ModelFile = { readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> }

/**
 * One file of weights that is read part by part where it is needed: a Blob in a browser, which crosses threads without
 * being copied, or a path on Node.
 */
export type StoredFile = {
  readonly name: string
  readonly stored: Blob | string
  readonly sizeBytes: number
  /** What its bytes hash to, as whoever made this has found or demands; null where nobody knows. */
  readonly sha256: string | null
}

export type LoadFile = ModelFile | StoredFile

export type ModelReport = {
  readonly id: string
  readonly architecture: string
  readonly layers: number
  /** Embedding width d. */
  readonly width: number
  readonly vocabulary: number
  readonly contextLength: number
  readonly parameters: number
  readonly sha256: string
}

/** What came of each way in which the worker tried to reach the network. */
export type NetworkProbe = { readonly attempt: string; readonly outcome: ProbeOutcome }[]

/**
 * `refused`: the browser says so, or has no such way at all. `silent`: nothing came back, and the browser does not say
 * whether it let the request out. `open`: something got through, or must be feared to.
 */
export type ProbeOutcome = 'refused' | 'silent' | 'open'

/** `person`: the column that says whose row it is; persons are then the units of privacy. */
export type ColumnChoice = { readonly text?: string; readonly label?: string; readonly person?: string }

/** How a file of examples is read. `withoutLong` leaves very long rows out: a rule on each row alone. */
export type DataChoice = ColumnChoice & { readonly withoutLong?: boolean }

/** Acts of an edited file. All but `long` compare rows, so they make a file of their own (design section 6). */
export const REPAIRS = ['duplicates', 'near-duplicates', 'contradictions', 'long'] as const
export type Repair = (typeof REPAIRS)[number]

/** What is odd about a file's rows; counts, and a few texts to look at on this screen. */
export type DataProblems = {
  /** Rows so long that small models read a part of them alone. */
  readonly longRows: number
  /** Rows equal to an earlier one. They are left out when a task is chosen: an equal row says nothing new. */
  readonly duplicates: number
  /** Rows like an earlier one but for letter case, spaces and punctuation. */
  readonly nearDuplicates: number
  /** Texts that stand under more than one label. */
  readonly contradictions: {
    readonly texts: number
    readonly rows: number
    readonly shown: readonly {
      readonly text: string
      readonly labels: readonly { readonly label: string; readonly rows: number }[]
    }[]
  }
}

/** What the page may know of a file: columns, class counts and a few rows to look at on this screen. */
export type DataReport = {
  readonly name: string
  readonly sizeBytes: number
  readonly format: 'csv' | 'tsv' | 'jsonl' | 'text'
  readonly columns: readonly string[]
  readonly textColumn: string
  readonly labelColumn: string | null
  /** The column that says whose row it is, if one was named. */
  readonly personColumn: string | null
  /** One whose name suggests it. */
  readonly likelyPersonColumn: string | null
  /** Persons in the file, where a column names them. */
  readonly persons: number | null
  readonly rows: number
  readonly labels: readonly { readonly label: string; readonly rows: number }[]
  readonly preview: readonly { readonly text: string; readonly label: string | null }[]
  /** Rows dropped by a rule on that row alone, and why, in counts. */
  readonly dropped: readonly {
    readonly reason: 'empty-text' | 'missing-label' | 'missing-person' | 'too-long' | 'malformed'
    readonly rows: number
  }[]
  readonly problems: DataProblems
}

/** A file with some rows taken out, as CSV (UTF-8). */
export type RepairedFile = { readonly rows: number; readonly csv: Uint8Array<ArrayBuffer> }

export type LabelWordReport = {
  readonly label: string
  readonly word: string
  /** The token id, or null with the pieces it splits into. */
  readonly token: number | null
  readonly pieces: readonly string[]
  /** For a word that splits: one like it that does not, where there is one. */
  readonly suggestion: string | null
}

/** Why a row's answer is of no use to an extract task; each a rule on that row alone. */
export type AnswerFault = 'empty' | 'too-long' | 'holds-end'

export type TaskReport = {
  readonly task: Task
  readonly words: readonly LabelWordReport[]
  readonly rowsUsed: number
  readonly rowsWithoutClass: number
  /** Of an extract task: what is wrong with the answers of those rows. */
  readonly faults?: readonly { readonly fault: AnswerFault; readonly rows: number }[]
  /** Rows whose middle was cut because they exceed the model's context. */
  readonly rowsCut: number
}

export type PlanReport = {
  readonly plan: TuningPlan
  /** Null without DP. */
  readonly odds: PlanOdds | null
  /** Measured on this device with dummy rows; null where that was not done yet. */
  readonly seconds: { readonly perStep: number; readonly total: number } | null
  /** What the file has spent, and would have with this run. */
  readonly budget: BudgetForecast
}

export type RunStatus = 'running' | 'paused' | 'finished' | 'stopped' | 'failed'

/** A point of the live curves. In a DP run all three figures are noised and covered. */
export type StepPoint = {
  readonly step: number
  readonly loss: number
  readonly accuracy: number
  /** Share of examples whose gradient was shortened to the clip norm; not there without DP, and in older runs. */
  readonly clipped?: number
  readonly covered: boolean
  /** ε spent so far at the plan's δ; null without DP. */
  readonly epsilon: number | null
}

export type HeldOutReport = {
  readonly step: number
  readonly accuracy: number
  /** Counts [true class][predicted class]; noised and rounded in a DP run. */
  readonly confusion: readonly (readonly number[])[]
  readonly covered: boolean
  /** The run's prompt is the one of this step, which was taken in the place of the last one. */
  readonly chosen?: true
}

/** Whether a run's machinery does what it should, looked at once, after its first steps. Public and covered facts alone. */
export type SelfCheck = {
  readonly step: number
  /** The prompt is no longer where it started. */
  readonly moved: boolean
  /** The noise has the planned size; null without DP. */
  readonly noise: boolean | null
  /** A made-up text has a gradient of finite numbers. */
  readonly finite: boolean
}

/** Of rows as they are: private. Seen only after somebody has lifted the seal. */
export type ExactFigures = {
  readonly rows: number
  readonly loss: number
  readonly accuracy: number
  /** Counts [true class][predicted class]. */
  readonly confusion: readonly (readonly number[])[]
}

export type ExactReport = {
  /** Null where there are none. Of very many rows a part is measured. */
  readonly trained: ExactFigures | null
  readonly heldOut: ExactFigures | null
  /** Rows whose own label the prompt finds least likely, worst first. */
  readonly mostWrong: readonly {
    readonly text: string
    readonly label: string
    readonly predicted: string
    readonly isHeldOut: boolean
  }[]
}

export type RunSummary = {
  readonly runId: string
  readonly status: RunStatus
  readonly dataName: string
  readonly createdAt: number
  readonly plan: TuningPlan
  /** What the student's weights were rounded to: nobody else's prompt is it. */
  readonly weights: WeightFormat
  readonly stepsDone: number
  /** Steps whose budget is spent; at least `stepsDone`, since a crashed block stays spent. */
  readonly stepsSpent: number
  readonly epsilonSpent: number | null
  readonly points: readonly StepPoint[]
  readonly heldOut: HeldOutReport | null
  /** Of a run that is over: the look at the prompt that may be taken instead; null where none was clearly better. */
  readonly other: HeldOutReport | null
  /** Whether a budget file holds the run, and its prompt was handed out; null for a run from before there was a ledger. */
  readonly ledger: { readonly saved: boolean; readonly released: boolean } | null
  /** Null until the first steps are done, and in older runs. */
  readonly selfCheck: SelfCheck | null
  /** Whether exact figures of the run's rows are hidden, or were seen; null without DP, where nothing is hidden. */
  readonly seal: 'closed' | 'lifted' | null
}

/** What would be sent, byte for byte, and what it is. */
export type Release = {
  readonly adapterConfig: Uint8Array<ArrayBuffer>
  readonly adapterModel: Uint8Array<ArrayBuffer>
  readonly certificate: Certificate
  readonly shape: readonly [rows: number, width: number]
  /** The matrix itself, for the picture on the Send step. */
  readonly values: Float32Array<ArrayBuffer>
}

export type Prediction = {
  readonly label: string
  readonly probabilities: readonly { readonly label: string; readonly probability: number }[]
}

/** What the model writes as its answer to an extract task, greedily. */
export type TextAnswer = {
  /** Without the end mark and trimmed. */
  readonly answer: string
  /** The text that each token adds, and how likely the model found it given all before. */
  readonly tokens: readonly { readonly text: string; readonly probability: number }[]
  /** Whether the model ended it, by the task's end mark or its own end of text; else it is as long as it may be. */
  readonly ended: boolean
}

/** A labelled file as CSV (UTF-8). `rows` counts those that got a label. */
export type LabelledFile = { readonly rows: number; readonly csv: Uint8Array<ArrayBuffer> }

export type LabelProgress = { readonly rowsDone: number; readonly rows: number }

export type TunerEvent =
  | { readonly type: 'status'; readonly runId: string; readonly seq: number; readonly status: RunStatus }
  | {
      readonly type: 'step'
      readonly runId: string
      readonly seq: number
      readonly point: StepPoint
      readonly stepsDone: number
      readonly examplesPerSecond: number
      readonly secondsLeft: number
    }
  | { readonly type: 'held-out'; readonly runId: string; readonly seq: number; readonly report: HeldOutReport }
  | { readonly type: 'self-check'; readonly runId: string; readonly seq: number; readonly report: SelfCheck }
  | { readonly type: 'checkpoint'; readonly runId: string; readonly seq: number; readonly step: number }
  | { readonly type: 'failed'; readonly runId: string; readonly seq: number; readonly error: ErrorReport }

export interface TunerApi {
  /** Joins the worker to its event port and to the pool members that the page created. */
  connect(events: MessagePort, pool: readonly MessagePort[]): Promise<void>
  /** Tries every way out of the worker; the page shows that the browser refused. */
  probeNetwork(): Promise<NetworkProbe>
  /** `wasm` holds the bytes of tfjs's wasm builds by file name, since the worker cannot fetch them. */
  openRuntime(request: {
    readonly backend: 'auto' | BackendName
    readonly wasm: readonly ModelFile[]
  }): Promise<RuntimeReport>
  /** Rounds the weights; `f32` takes the files' numbers. Errors: `model-unknown` for a stored file of another hash. */
  loadModel(id: string, files: readonly LoadFile[], weights: WeightFormat): Promise<ModelReport>
  openData(file: File, choice: DataChoice): Promise<DataReport>
  /** The file less the rows that `repairs` name. It is another file: what it shares with this one stays on its ledger. */
  repairFile(file: File, choice: DataChoice, repairs: readonly Repair[]): Promise<RepairedFile>
  setTask(task: Task): Promise<TaskReport>
  /** At once, with its time where that is known. A run may start from it. */
  plan(request: TuningRequest): Promise<PlanReport>
  /**
   * The same with its time, which takes some seconds to measure. Errors: `busy` while a run is at work, or where one
   * starts meanwhile.
   */
  measure(request: TuningRequest): Promise<PlanReport>
  start(plan: TuningPlan): Promise<{ readonly runId: string }>
  pause(runId: string): Promise<void>
  /** Goes on after a pause, or after a reload: the model must be loaded; rows and plan come from the stored run. */
  resume(runId: string): Promise<void>
  stop(runId: string): Promise<void>
  /** Takes a run's `other` prompt, and the one it had becomes the other. Errors: `conflict` where there is none. */
  exchangePrompt(runId: string): Promise<void>
  runs(): Promise<readonly RunSummary[]>
  deleteRun(runId: string): Promise<void>
  /**
   * Class probabilities of one typed text, or the answer to it, by the student with the run's prompt. `withoutPrompt` asks the bare student
   * about the run's task, `null` about the open one. Errors: `sealed` for a row of the file while it is sealed; the
   * same holds for `labelFile`.
   */
  predict(runId: string | null, text: string, withoutPrompt?: boolean): Promise<Answer>
  /**
   * The file with two columns more, label (or answer) and probability, by the student on this device. Rows keep their order, and
   * rows without a text keep empty fields. `null` labels without a prompt. `control` is told a {@link LabelProgress}
   * now and then; any message to it stops the work.
   */
  labelFile(runId: string | null, file: File, columns: ColumnChoice, control: MessagePort): Promise<LabelledFile>
  /** The texts of a file row by row, '' where there is none: for a person who chose to send them. */
  readTexts(file: File, columns: ColumnChoice): Promise<readonly string[]>
  /** The file as {@link labelFile} gives it, with labels that the large model gave; null for rows without a text. */
  joinLabels(file: File, columns: ColumnChoice, labels: readonly (Answer | null)[]): Promise<LabelledFile>
  /**
   * Notes that exact figures of the run's rows, and of the open file's, may be looked at. From then on certificates of
   * prompts from these rows say so.
   */
  liftSeal(runId: string | null): Promise<void>
  /** What the run's prompt does on the rows of the open file, exactly. Errors: `sealed`. */
  exactFigures(runId: string): Promise<ExactReport>
  /** `project` names other runs that the person declares as one project with it: the certificate lists them. */
  release(runId: string, project?: readonly string[]): Promise<Release>
  /**
   * Tests sampling, bounds and noise on made-up rows, and what canaries prove about a run of these numbers. Reads no
   * file. `control` is told an {@link AuditProgress} now and then; any message to it stops the work.
   */
  testNoise(mechanism: MechanismNumbers, control: MessagePort): Promise<NoiseTest>
  /** To be awaited before a run's prompt is saved to a file or sent. */
  markReleased(runId: string): Promise<void>
  /** What the open file has spent, as far as this browser knows. */
  fileBudget(): Promise<FileBudget>
  setFileBudget(epsilon: number): Promise<FileBudget>
  /** The runs on the open file (null), or on the rows of a run, as a budget file's bytes; they count as saved. */
  saveBudget(runId: string | null): Promise<Uint8Array<ArrayBuffer>>
  /** Merges a budget file into the ledger: runs that are not known count as runs on the open file. */
  restoreBudget(file: File): Promise<{ readonly added: number }>
  /** Goes on with a ledger of which entries were lost or changed. */
  mendLedger(): Promise<void>
  ledger(): Promise<BrowserLedgerReport>
  /** All runs that are over, with what the ledger knows, as a backup file; all runs of the ledger count as saved. */
  saveBackup(): Promise<SavedBackup>
  /**
   * Puts the runs of a backup file back, and merges its part of the ledger. What is here stays as it is. Errors:
   * `file-format` for a file that is not whole, `ledger` for one that contradicts the ledger; nothing is put back then.
   */
  restoreBackup(file: File): Promise<RestoredBackup>
  /** Counts restored runs on a data file of this name as runs on the rows of the open one. */
  countWaiting(name: string): Promise<{ readonly added: number }>
  /**
   * Attacks prompts that are tuned as the run was, on some of its rows: the file and the task of the run must be open.
   * What it says is private like the rows. `control` as in {@link testNoise}.
   */
  attack(runId: string, control: MessagePort): Promise<AttackReport>
}

/** Errors thrown by {@link TunerApi} cross comlink as a value of this shape, since classes do not survive cloning. */
export type Failure = { readonly failure: ErrorReport }
