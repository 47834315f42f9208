/** Work that runs in a process of its own (the command line, or a child of the server). */
import type { BackendName, WeightFormat } from '../../protocol/tuning.ts'
import type { Task } from '../../protocol/task.ts'
import type { Alpha } from '../../protocol/wire.ts'
import type { AnswerSource } from '../../transfer/answered.ts'
import type { LabelWords } from '../../transfer/labelMap.ts'
import type { StartChoice } from '../../transfer/plan.ts'
import type { Support } from '../../transfer/support.ts'

export type { TransferProgress } from '../../transfer/runTransfer.ts'

export type TransferWork = {
  readonly teacherDir: string
  readonly studentDir: string
  /** PEFT folder with the student's prompt ps. */
  readonly promptDir: string
  /** What the student's weights were rounded to while ps was tuned. */
  readonly studentWeights: WeightFormat
  readonly task: Task
  readonly publicFile: string
  readonly textColumn?: string | undefined
  readonly labelColumn?: string | undefined
  /** What the labels of the public file mean; see `workers/transfer/labelMap.ts`. */
  readonly labelWords?: LabelWords | undefined
  readonly alpha: Alpha
  readonly steps?: number | undefined
  readonly backend?: 'auto' | BackendName
  /** Public choices of the transfer; those left out take defaults (`workers/transfer/plan.ts`). */
  readonly batchSize?: number | undefined
  readonly learningRate?: number | undefined
  readonly texts?: number | undefined
  readonly start?: StartChoice | undefined
  readonly seed?: number | undefined
  readonly support?: Support | undefined
  readonly answers?: AnswerSource | undefined
  /** Folder for logits that the next transfer on the same texts and template needs again; none without it. */
  readonly logitsDir?: string | undefined
  /** Where the PEFT folder with pt is written. */
  readonly outDir: string
}

export type TransferSummary = {
  readonly alpha: number
  readonly steps: number
  /** Mean public loss of pt, and of what it started from, over the same texts. */
  readonly loss: number
  readonly startLoss: number
  readonly out: string
}
