/** What running a cell needs, and what comes of it. */
import type { Tokenizer } from '../../model/tokenizer.ts'
import type { Engine, ModelSlot } from '../../pool/types.ts'
import type { SoftPrompt } from '../../prompt/softPrompt.ts'
import type { Task } from '../../protocol/task.ts'
import type { ModelReport } from '../../protocol/tuner.ts'
import type { AnswerForm, LabelTokens } from '../../task/answers.ts'
import type { Example } from '../../task/types.ts'
import type { TextMetrics } from '../textMetrics.ts'
import type { PromptKey } from './cells.ts'
import type { Cell } from './cells.ts'

/** A row of a class of the task, or (class 0) with its answer. */
export type StudyRow = { readonly text: string; readonly classIndex: number; readonly answer?: string }

export type StudyData = {
  readonly task: Task
  /** Null where answers are texts. */
  readonly labelTokens: LabelTokens | null
  /** Null where answers are classes. */
  readonly answerForm: AnswerForm | null
  readonly train: readonly StudyRow[]
  readonly test: readonly StudyRow[]
  readonly publicSets: Readonly<Record<string, readonly Example[]>>
}

/** Texts to guess about: whether a model was trained on them. */
export type StudyTexts = { readonly members: readonly string[]; readonly others: readonly string[] }

/** The teacher, or a student by its name. */
export type StudyModel = 'teacher' | { readonly student: string }

export interface StudyGround {
  readonly engine: Engine
  readonly tokenizer: Tokenizer
  data(task: string): Promise<StudyData>
  texts(name: string): Promise<StudyTexts>
  /** Makes the model that of the slot. */
  load(slot: ModelSlot, model: StudyModel): Promise<ModelReport>
  /** Losses of all tokens but the first, text by text (`workers/evaluate/textLosses.ts`). */
  textLosses(model: StudyModel, sequences: readonly Int32Array[]): Promise<readonly Float32Array[]>
  /** A prompt that an earlier cell tuned; null where there is none. */
  findPrompt(key: PromptKey): Promise<TunedPrompt | null>
  keepPrompt(key: PromptKey, prompt: TunedPrompt): Promise<void>
  onProgress(what: string): void
}

export type TunedPrompt = {
  readonly prompt: SoftPrompt
  /** By the accountant; null without differential privacy. */
  readonly epsilon: number | null
  readonly cost: Cost
}

/** What a stage took. */
export type Cost = {
  readonly seconds: number
  /** Floating point operations, counted as two for each weight and token, forward and backward. */
  readonly flops: number
}

export type CellResult = {
  readonly cell: Cell
  /** Rows measured on. */
  readonly n: number
  readonly accuracy: number | null
  readonly macroF1: number | null
  readonly recall: Readonly<Record<string, number | null>> | null
  /** Of answers that are texts; not there for classes. */
  readonly texts?: Pick<TextMetrics, 'exactMatch' | 'f1'>
  /** Of `membership`: area under the curve, and the share found at 1 % false alarms. */
  readonly attack: { readonly auc: number; readonly tprAt1: number } | null
  readonly epsilon: number | null
  /** The α that was used. */
  readonly alpha: number | null
  readonly publicLoss: number | null
  readonly cost: { readonly tune: Cost | null; readonly transfer: Cost | null; readonly measure: Cost }
  readonly backend: string
}
