/** Where an evaluation's models, data and prompts come from on this machine. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { PromptKey } from '../../evaluate/study/cells.ts'
import type { StudyPlan, StudyTask } from '../../evaluate/study/plan.ts'
import type {
  StudyData,
  StudyGround,
  StudyModel,
  StudyRow,
  StudyTexts,
  TunedPrompt,
} from '../../evaluate/study/types.ts'
import type { Tokenizer } from '../../model/tokenizer.ts'
import type { Engine, ModelSlot } from '../../pool/types.ts'
import type { Task } from '../../protocol/task.ts'
import type { ModelReport } from '../../protocol/tuner.ts'
import { answerForm, requireAnswerTokens } from '../../task/answers.ts'
import { prepareAnswers, prepareRows, requireAnswers, requireClasses } from '../../task/rows.ts'
import type { Example } from '../../task/types.ts'
import { textLosses } from '../../evaluate/textLosses.ts'
import { readDataFile, readTaskFile } from '../inputs.ts'
import { readManifest, readModelFolder, type ModelFolder } from '../modelFolder.ts'
import { openLocalBackend } from '../openLocal.ts'
import { readPromptFolder, writePromptFolder } from '../promptFolder.ts'
import { isMissing, writeFileAtomically } from '../store/atomic.ts'
import { modelTokenizer } from '../../model/modelTokenizer.ts'

const COST = 'cost.json'

/** Of a file without test rows of its own: one row in so many is measured on. No text stands on both sides. */
const TEST_EVERY = 10

export class FolderGround implements StudyGround {
  readonly engine: Engine
  readonly tokenizer: Tokenizer
  readonly onProgress: (what: string) => void
  readonly #plan: StudyPlan
  readonly #base: string
  readonly #students: Readonly<Record<string, string>>
  readonly #prompts: string
  readonly #folders = new Map<string, ModelFolder>()
  readonly #loaded = new Map<ModelSlot, { readonly dir: string; readonly report: ModelReport }>()
  readonly #data = new Map<string, StudyData>()
  readonly #fingerprints = new Map<string, string>()
  #local: Promise<unknown> | null = null

  private constructor(options: GroundOptions, teacher: ModelFolder) {
    this.engine = options.engine
    this.onProgress = options.onProgress
    this.#plan = options.plan
    this.#base = dirname(resolve(options.planFile))
    this.#students = options.students
    this.#prompts = join(options.out, 'prompts')
    this.tokenizer = modelTokenizer(teacher.files)
    this.#folders.set(this.#path(options.plan.teacher), teacher)
  }

  static async open(options: GroundOptions): Promise<FolderGround> {
    const dir = resolve(dirname(resolve(options.planFile)), options.plan.teacher)
    return new FolderGround(options, await readModelFolder(dir))
  }

  async data(name: string): Promise<StudyData> {
    const known = this.#data.get(name)
    if (known) return known
    const source = this.#plan.tasks[name]
    if (!source) throw new Error(`the plan has no task ${name}`)
    const task = typeof source.task === 'string' ? await readTaskFile(this.#path(source.task)) : source.task
    const publicSets: Record<string, StudyData['publicSets'][string]> = {}
    for (const [set, file] of Object.entries(source.publicSets)) {
      publicSets[set] = (await readDataFile(this.#path(file), {})).examples
    }
    const { train, test } = await this.#rows(source, task)
    const data: StudyData = {
      task,
      labelTokens: requireAnswerTokens(task, this.tokenizer),
      answerForm: task.kind === 'extract' ? answerForm(task, this.tokenizer) : null,
      train: spread(train, source.trainRows),
      test: spread(test, source.testRows),
      publicSets,
    }
    this.#data.set(name, data)
    return data
  }

  async #rows({ train, test, fold }: StudyTask, task: Task): Promise<Pick<StudyData, 'train' | 'test'>> {
    const read = async (path: string, which: 'each once' | 'all'): Promise<StudyRow[]> =>
      this.#rowsOf(task, folded((await readDataFile(this.#path(path), {})).examples, fold), which)
    const rows = await read(train, 'each once')
    if (test !== undefined) return { train: rows, test: await read(test, 'all') }
    const parts = Object.groupBy(rows, (_, index) => (index % TEST_EVERY === TEST_EVERY - 1 ? 'test' : 'train'))
    return { train: parts.train ?? [], test: parts.test ?? [] }
  }

  /** Rows that the task can use: for tuning equal ones once, as a run takes them; for measuring all. */
  #rowsOf(task: Task, examples: readonly Example[], which: 'each once' | 'all'): StudyRow[] {
    const options = { keepDuplicates: which === 'all' }
    if (task.kind === 'extract') {
      const prepared = prepareAnswers(answerForm(task, this.tokenizer), examples, options)
      requireAnswers(task, prepared)
      return prepared.rows.map(({ text, label }) => ({ text, classIndex: 0, answer: label }))
    }
    const prepared = prepareRows(task, examples, options)
    requireClasses(task, prepared)
    return prepared.rows.map(({ text, classIndex }) => ({ text, classIndex }))
  }

  async texts(name: string): Promise<StudyTexts> {
    const source = this.#plan.texts?.[name]
    if (!source) throw new Error(`the plan has no texts ${name}`)
    const read = async (path: string): Promise<string[]> =>
      (await readDataFile(this.#path(path), {})).examples.map(({ text }) => text)
    return { members: await read(source.members), others: await read(source.others) }
  }

  async textLosses(model: StudyModel, sequences: readonly Int32Array[]): Promise<Float32Array[]> {
    // The pool has no such operation: rare, and one thread does.
    this.#local ??= openLocalBackend('wasm')
    await this.#local
    return await textLosses((await this.#folder(model)).files, sequences)
  }

  async load(slot: ModelSlot, model: StudyModel): Promise<ModelReport> {
    const dir = this.#dir(model)
    const loaded = this.#loaded.get(slot)
    if (loaded?.dir === dir) return loaded.report
    const folder = await this.#folder(model)
    const report = { ...(await this.engine.load(slot, folder.files)), id: folder.manifest.id }
    this.#loaded.set(slot, { dir, report })
    return report
  }

  #dir(model: StudyModel): string {
    return this.#path(model === 'teacher' ? this.#plan.teacher : (this.#students[model.student] ?? ''))
  }

  async #folder(model: StudyModel): Promise<ModelFolder> {
    const dir = this.#dir(model)
    const folder = this.#folders.get(dir) ?? (await readModelFolder(dir))
    this.#folders.set(dir, folder)
    return folder
  }

  async findPrompt(key: PromptKey): Promise<TunedPrompt | null> {
    const dir = await this.#promptFolder(key)
    let facts: string
    try {
      facts = await readFile(join(dir, COST), 'utf8')
    } catch (error) {
      if (isMissing(error)) return null
      throw error
    }
    const { epsilon, cost } = JSON.parse(facts) as Pick<TunedPrompt, 'epsilon' | 'cost'>
    return { prompt: await readPromptFolder(dir), epsilon, cost }
  }

  /** The cost comes last: a folder that was cut short holds no prompt. */
  async keepPrompt(key: PromptKey, { prompt, epsilon, cost }: TunedPrompt): Promise<void> {
    const dir = await this.#promptFolder(key)
    const { task } = await this.data(key.task)
    const { id, layers } = await this.load('student', key.student === null ? 'teacher' : { student: key.student })
    await writePromptFolder(dir, prompt, { baseModel: id, layers, initText: task.initText })
    await writeFileAtomically(join(dir, COST), `${JSON.stringify({ key, epsilon, cost }, null, 2)}\n`)
  }

  async #promptFolder(key: PromptKey): Promise<string> {
    return join(this.#prompts, hashOf([key, await this.fingerprint(key.task, key.student)]))
  }

  /** Of everything outside the plan that a cell's result depends on: other data or another model is another cell. */
  async fingerprint(task: string, student: string | null): Promise<string> {
    const name = JSON.stringify([task, student])
    const known = this.#fingerprints.get(name)
    if (known !== undefined) return known
    const models: StudyModel[] = ['teacher', ...(student === null ? [] : [{ student }])]
    const hashes = await Promise.all(models.map(async (model) => (await readManifest(this.#dir(model))).sha256))
    const fingerprint = hashOf([...(await this.#contents(task)), hashes])
    this.#fingerprints.set(name, fingerprint)
    return fingerprint
  }

  async #contents(task: string): Promise<unknown[]> {
    if (task in (this.#plan.texts ?? {})) return [await this.texts(task)]
    const { train, test, publicSets, task: words } = await this.data(task)
    return [words, train, test, publicSets]
  }

  #path(path: string): string {
    return resolve(this.#base, path)
  }
}

export type GroundOptions = {
  readonly engine: Engine
  readonly plan: StudyPlan
  readonly planFile: string
  /** Their folders, by the plan's names. */
  readonly students: Readonly<Record<string, string>>
  readonly out: string
  readonly onProgress: (what: string) => void
}

export function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)
}

/** At most so many, from the first to the last: files may be sorted by class. */
function spread<T>(rows: readonly T[], most = rows.length): T[] {
  if (most >= rows.length) return [...rows]
  return Array.from({ length: most }, (_, at) => rows[Math.floor((at * rows.length) / most)]).filter(
    (row) => row !== undefined,
  )
}

/** Classes in place of the labels that make them. */
function folded(examples: readonly Example[], fold: StudyTask['fold']): readonly Example[] {
  if (fold === undefined) return examples
  const classes = new Map(
    Object.entries(fold).flatMap(([name, labels]) => labels.map((label) => [label, name] as const)),
  )
  return examples.map((example) => ({ ...example, label: classes.get(example.label ?? '') ?? null }))
}
