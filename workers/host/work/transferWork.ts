/** One transfer from folders to a folder: what a compute process and the command line run. */
import { mkdir } from 'node:fs/promises'
import { MODEL_FILES } from '../../model/manifest.ts'
import type { Tokenizer } from '../../model/tokenizer.ts'
import type { Engine } from '../../pool/types.ts'
import { requireFits } from '../../prompt/softPrompt.ts'
import { SoftpostError } from '../../protocol/errors.ts'
import type { ModelReport } from '../../protocol/tuner.ts'
import { createEncoder } from '../../task/encoder.ts'
import { answerForm, requireAnswerTokens } from '../../task/answers.ts'
import { cachedLogits, type PlainLogits } from '../../transfer/plainLogits.ts'
import { planTransfer } from '../../transfer/plan.ts'
import { runTransfer } from '../../transfer/runTransfer.ts'
import { readDataFile } from '../inputs.ts'
import { openModelFolder, type ModelFolder } from '../modelFolder.ts'
import { openHostEngine } from '../openEngine.ts'
import { readPromptFolder, writePromptFolder } from '../promptFolder.ts'
import { LogitsFolder } from '../store/logitsFolder.ts'
import { modelTokenizer } from '../../model/modelTokenizer.ts'
import type { TransferProgress, TransferSummary, TransferWork } from './types.ts'

/**
 * Errors: `prompt-invalid` and `prompt-mismatch` for a prompt that is not the student's, `label-word` for a word that
 * is not one token of the models, `model-unknown` for two models that do not belong together, and those of the files.
 */
export async function runTransferWork(
  work: TransferWork,
  onProgress: (progress: TransferProgress) => void,
): Promise<TransferSummary> {
  const inputs = await readInputs(work)
  // Before the minutes of work: a folder that cannot be written is found out now.
  await mkdir(work.outDir, { recursive: true })
  const engine = await openHostEngine({ backend: work.backend ?? 'auto' })
  try {
    return await transfer(work, { ...inputs, engine, onProgress })
  } finally {
    await engine.close()
  }
}

type Folder = Pick<ModelFolder, 'manifest'>
type Inputs = Awaited<ReturnType<typeof readInputs>>

async function readInputs(work: TransferWork) {
  const [student, teacher, sourcePrompt, dataset] = await Promise.all([
    openModelFolder(work.studentDir),
    openModelFolder(work.teacherDir),
    readPromptFolder(work.promptDir),
    readDataFile(work.publicFile, { text: work.textColumn, label: work.labelColumn }),
  ])
  // The context's length is known once the model is loaded; that the prompt is another model's is known now.
  requireFits(sourcePrompt, { ...student.manifest, contextLength: Number.POSITIVE_INFINITY })
  requireSameTokenizer(student, teacher)
  const tokenizer = modelTokenizer(teacher.files)
  const { task } = work
  return {
    student,
    teacher,
    sourcePrompt,
    publicTexts: dataset.examples,
    // Labels of another name are classes, as a rule.
    hasAnswers: dataset.report.labelColumn?.toLowerCase() === 'answer',
    tokenizer,
    labelTokens: requireAnswerTokens(task, tokenizer),
    answerForm: task.kind === 'extract' ? answerForm(task, tokenizer) : null,
  }
}

/** Both models score the same tokens: their vocabularies must be one. */
function requireSameTokenizer(student: Folder, teacher: Folder): void {
  const same =
    student.manifest.vocabulary === teacher.manifest.vocabulary && tokenizerHash(student) === tokenizerHash(teacher)
  if (same) return
  throw new SoftpostError(
    'model-unknown',
    `${student.manifest.id} and ${teacher.manifest.id} have different tokenizers; a transfer needs a student that was made of its teacher`,
    { data: { student: student.manifest.id, teacher: teacher.manifest.id } },
  )
}

function tokenizerHash({ manifest }: Folder): string | undefined {
  return manifest.files.find(({ name }) => name === MODEL_FILES.tokenizer)?.sha256
}

type Opened = Inputs & {
  readonly engine: Engine
  readonly tokenizer: Tokenizer
  readonly onProgress: (progress: TransferProgress) => void
}

async function transfer(work: TransferWork, opened: Opened): Promise<TransferSummary> {
  const { engine, sourcePrompt, publicTexts, tokenizer } = opened
  const student = {
    ...(await engine.load('student', opened.student.files, work.studentWeights)),
    id: opened.student.manifest.id,
  }
  const teacher = { ...(await engine.load('teacher', opened.teacher.files)), id: opened.teacher.manifest.id }
  requireFits(sourcePrompt, student)
  const { task } = work
  const encoder = createEncoder({
    task,
    tokenizer,
    contextLength: Math.min(student.contextLength, teacher.contextLength),
    promptLength: sourcePrompt.length,
  })
  const ground = {
    texts: publicTexts.length,
    vocabulary: teacher.vocabulary,
    backend: engine.report.backend,
    hasAnswers: opened.hasAnswers,
  }
  const plan = planTransfer(work, ground)
  const { prompt, alpha, lossBefore, lossAfter } = await runTransfer({
    ...opened,
    task,
    labelWords: work.labelWords,
    student,
    teacher,
    encoder,
    plan,
    plainLogits: await openLogits(work, engine, { student, teacher }),
  })
  await writePromptFolder(work.outDir, prompt, {
    baseModel: teacher.id,
    layers: teacher.layers,
    initText: task.initText,
  })
  return { alpha, steps: plan.steps, loss: lossAfter, startLoss: lossBefore, out: work.outDir }
}

/** Undefined where nothing is kept. */
async function openLogits(
  { logitsDir, studentWeights }: TransferWork,
  engine: Engine,
  { student, teacher }: { readonly student: ModelReport; readonly teacher: ModelReport },
): Promise<PlainLogits | undefined> {
  if (logitsDir === undefined) return undefined
  const models = { student: { ...student, weights: studentWeights }, teacher: { ...teacher, weights: 'f32' } } as const
  return cachedLogits(engine, models, await LogitsFolder.open({ path: logitsDir }))
}
