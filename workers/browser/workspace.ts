/** What is open in the worker: the model, the file and the task, each checked when it is opened. */
import { withHashes } from '../model/stored.ts'
import { modelTokenizer } from '../model/modelTokenizer.ts'
import type { Tokenizer } from '../model/tokenizer.ts'
import type { Engine } from '../pool/types.ts'
import type { Ledger } from '../privacy/ledger/ledger.ts'
import type { UnitSet } from '../privacy/ledger/units.ts'
import type { RandomSource } from '../privacy/random.ts'
import { SoftpostError } from '../protocol/errors.ts'
import { classNames, Task } from '../protocol/task.ts'
import type { DataChoice, DataReport, LoadFile, ModelReport, TaskReport } from '../protocol/tuner.ts'
import type { WeightFormat } from '../protocol/tuning.ts'
import { requireAnswerTokens, type LabelTokens } from '../task/answers.ts'
import { createEncoder, type Encoder } from '../task/encoder.ts'
import { resolveLabelWords } from '../task/labelWords.ts'
import { readDataset, requireFileSize } from '../task/read/readDataset.ts'
import type { PreparedRows } from '../task/rows.ts'
import type { Example } from '../task/types.ts'
import { DEFAULTS } from '../tune/plan.ts'
import { countFileUnits, encodeRows, heldOutShare, selectRows } from '../tune/prepare.ts'
import type { TuningRows } from '../tune/types.ts'
import { FileUnits } from '../tune/units.ts'

export type Student = {
  readonly engine: Engine
  readonly report: ModelReport
  readonly tokenizer: Tokenizer
  readonly weights: WeightFormat
}
/** A student as the page hands it over. */
export type GivenModel = { readonly id: string; readonly files: readonly LoadFile[]; readonly weights: WeightFormat }

type Data = {
  readonly name: string
  readonly examples: readonly Example[]
  readonly units: FileUnits
  /** Units of all rows. */
  readonly all: UnitSet
}

/** The file's rows for the task; made anew when one of them changes. */
type Selection = {
  readonly task: Task
  readonly data: Data
  readonly rows: PreparedRows
  readonly units: UnitSet
  /** Of the last prompt length that was asked for. */
  encoding: { readonly promptLength: number; readonly rows: Promise<TuningRows> } | null
}

/** A task whose label words are tokens; null where its answers are texts. */
export type Labels = { readonly task: Task; readonly labelTokens: LabelTokens | null }

/** The same with rows of its classes. */
export type OpenTask = Labels & {
  readonly dataName: string
  /** Units of the rows that are trained on or held out. */
  readonly units: UnitSet
  /** As the model reads them beside a prompt of this length. Errors: `text-too-long`. */
  encode(promptLength: number): Promise<TuningRows>
}

export class Workspace {
  readonly #ledger: Ledger
  readonly #random: RandomSource
  #student: Student | null = null
  /** Counts the files that were opened: the last one is the one that is meant. */
  #openings = 0
  #data: Data | null = null
  #task: Task | null = null
  #selection: Selection | null = null

  constructor(ledger: Ledger, random: RandomSource) {
    this.#ledger = ledger
    this.#random = random
  }

  get student(): Student {
    if (this.#student === null) throw notYet('no model is open', 'open a model first')
    return this.#student
  }

  async openModel(engine: Engine, { id, files: given, weights }: GivenModel): Promise<ModelReport> {
    const files = await withHashes(given)
    const tokenizer = modelTokenizer(files)
    // The engine forgets the model before; nobody may use it meanwhile.
    this.closeModel()
    const report = { ...(await engine.load('student', files, weights)), id }
    this.#student = { engine, report, tokenizer, weights }
    this.#selection = null
    return report
  }

  /** The engine of the model was closed. */
  closeModel(): void {
    this.#student = null
    this.#selection = null
  }

  async openData(file: File, choice: DataChoice): Promise<DataReport> {
    const opening = ++this.#openings
    const { report, examples } = readDataset({ name: file.name, bytes: await readFile(file) }, choice)
    const share = heldOutShare(countFileUnits(examples))
    const units = await FileUnits.open(examples, { ledger: this.#ledger, share, random: this.#random })
    if (opening !== this.#openings) throw new SoftpostError('cancelled', 'another file was opened meanwhile')
    this.#data = { name: file.name, examples, units, all: units.setOf(examples) }
    this.#selection = null
    return report
  }

  /** Without a file the report is about the label words alone. */
  async setTask(given: Task): Promise<TaskReport> {
    const task = parseTask(given)
    const { promptLength } = DEFAULTS.private
    const words = task.kind === 'extract' ? [] : resolveLabelWords(task, this.student.tokenizer).report
    // Refuses a template that cannot be used, file or none.
    this.encoder(task, promptLength)
    const selection = this.#data === null ? null : this.#select(task, this.#data)
    const encoded = selection === null ? [] : (await this.#encode(selection, promptLength)).encoded
    this.#task = task
    // Another file may have been opened meanwhile.
    this.#selection = selection?.data === this.#data ? selection : null
    return {
      task,
      words,
      rowsUsed: encoded.length,
      rowsWithoutClass: selection?.rows.withoutClass ?? 0,
      ...(task.kind === 'extract' ? { faults: selection?.rows.faults ?? [] } : {}),
      rowsCut: encoded.filter(({ cut }) => cut).length,
    }
  }

  /** @throws SoftpostError `label-word`, `no-rows`, `one-class`, and `conflict` where something is not open yet. */
  openTask(): OpenTask {
    const { task, labelTokens } = this.labels()
    if (this.#data === null) throw notYet('no file is open', 'open a file first')
    const selection = this.#selection ?? this.#select(task, this.#data)
    this.#selection = selection
    const dataName = selection.data.name
    return {
      task,
      labelTokens,
      dataName,
      units: selection.units,
      encode: (promptLength) => this.#encode(selection, promptLength),
    }
  }

  get hasFile(): boolean {
    return this.#data !== null
  }

  /** The open file's rows of a task that need not be the open one, beside a prompt of this length. Errors: `conflict`. */
  async rowsFor(task: Task, promptLength: number): Promise<TuningRows & Pick<PreparedRows, 'rows'>> {
    if (this.#data === null) throw notYet('no file is open', 'open the file of the run first')
    const selection = this.#select(task, this.#data)
    return { rows: selection.rows.rows, ...(await this.#encode(selection, promptLength)) }
  }

  /** Every row of the open file, whatever the task. Errors: `conflict`. */
  fileUnits(): { readonly name: string; readonly units: UnitSet } {
    if (this.#data === null) throw notYet('no file is open', 'open a file first')
    const { name, all } = this.#data
    return { name, units: all }
  }

  labels(): Labels {
    if (this.#task === null) throw notYet('no task is set', 'set a task first')
    return { task: this.#task, labelTokens: requireAnswerTokens(this.#task, this.student.tokenizer) }
  }

  encoder(task: Task, promptLength: number): Encoder {
    const { report, tokenizer } = this.student
    return createEncoder({ task, tokenizer, contextLength: report.contextLength, promptLength })
  }

  /** Other words for the same classes leave the rows, and what the model reads of them, as they are. */
  #select(task: Task, data: Data): Selection {
    const before = this.#selection
    if (before?.data === data && readsAlike(before.task, task)) return { ...before, task }
    const rows = selectRows(task, data.examples, this.student.tokenizer)
    return { task, data, rows, units: data.units.setOf(rows.rows), encoding: null }
  }

  async #encode(selection: Selection, promptLength: number): Promise<TuningRows> {
    if (selection.encoding?.promptLength !== promptLength) {
      const { report, tokenizer } = this.student
      const { task, data } = selection
      const request = { task, tokenizer, contextLength: report.contextLength, promptLength, coins: data.units.coins }
      selection.encoding = { promptLength, rows: encodeRows(selection.rows, request, { onProgress: takeTurn }) }
    }
    return await selection.encoding.rows
  }
}

/** Whether two tasks take the same rows, and the model reads the same of them. */
function readsAlike(one: Task, other: Task): boolean {
  return JSON.stringify(ruleOfRows(one)) === JSON.stringify(ruleOfRows(other))
}

function ruleOfRows(task: Task): unknown {
  return task.kind === 'extract'
    ? { template: task.template, end: task.end, longest: task.maxAnswerTokens }
    : { template: task.template, classes: classNames(task) }
}

/** A turn of the event loop: other calls are answered meanwhile. */
function takeTurn(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve))
}

/** @throws SoftpostError `file-too-large`, and `file-format` for a file that is no longer there. */
export async function readFile(file: File): Promise<Uint8Array<ArrayBuffer>> {
  requireFileSize(file.size)
  try {
    return new Uint8Array(await file.arrayBuffer())
  } catch (error) {
    throw new SoftpostError('file-format', 'the file could not be read; it was moved or changed, choose it again', {
      cause: error,
    })
  }
}

function parseTask(given: Task): Task {
  const parsed = Task.safeParse(given)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const where = issue && issue.path.length > 0 ? `${issue.path.join('.')}: ` : ''
  throw new SoftpostError('task-invalid', `the task cannot be used (${where}${issue?.message ?? 'wrong form'})`, {
    cause: parsed.error,
  })
}

function notYet(what: string, remedy: string): SoftpostError {
  return new SoftpostError('conflict', `${what}; ${remedy}`)
}
