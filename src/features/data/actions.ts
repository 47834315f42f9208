/** From a file to rows and a task in the worker. The page holds the file's handle and never reads it. */
import { toReport } from '../../../workers/protocol/errors.ts'
import { TASK_LIMITS } from '../../../workers/protocol/task.ts'
import type { ColumnChoice, DataChoice, DataReport } from '../../../workers/protocol/tuner.ts'
import { onTunerEnd, tuner } from '../../engine/bridge.ts'
import {
  draftOfAnswers,
  draftOfLabels,
  draftOfTask,
  replaceWord,
  type TaskDraft,
  taskOfDraft,
  withoutWord,
} from './draft.ts'
import { fetchSample, listSamples, type Sample } from './samples.ts'
import { NO_EDIT, NO_TASK, splitWords, useData } from './store.ts'

/** The handle of the open file, to be passed on again after a change of columns or of the worker. */
let opened: { readonly file: File; readonly sample: Sample | null; readonly choice: DataChoice } | null = null

export async function findSamples(): Promise<void> {
  useData.setState({ samplesError: null })
  try {
    useData.setState({ samples: await listSamples() })
  } catch (error) {
    useData.setState({ samplesError: toReport(error) })
  }
}

export async function openFile(file: File): Promise<void> {
  await open({ file, sample: null, choice: {} })
}

export async function openSample(sample: Sample): Promise<void> {
  const { name } = sample.files.train
  useData.setState({ status: 'fetching', fileName: name, sampleId: sample.id, report: null, error: null, ...NO_TASK })
  try {
    const file = await fetchSample(sample)
    await open({ file, sample, choice: { text: sample.textColumn, label: sample.labelColumn } })
  } catch (error) {
    useData.setState({ status: 'failed', error: toReport(error) })
  }
}

export async function chooseColumns(columns: ColumnChoice): Promise<void> {
  if (opened !== null)
    await open({ ...opened, choice: { ...columns, withoutLong: opened.choice.withoutLong === true } })
}

/** Leaves very long rows out, or takes them again; the task as typed is kept. */
export async function leaveOutLong(withoutLong: boolean): Promise<void> {
  if (opened === null) return
  await open({ ...opened, choice: { ...opened.choice, withoutLong } }, useData.getState().draft)
}

/** The same file once more, after a failure or in a new worker; the task as typed is kept. */
export async function reopen(): Promise<void> {
  if (opened !== null) await open(opened, useData.getState().draft)
}

export function closeFile(): void {
  opened = null
  useData.setState({
    status: 'empty',
    fileName: '',
    sampleId: null,
    report: null,
    error: null,
    edit: NO_EDIT,
    ...NO_TASK,
  })
}

async function open(source: NonNullable<typeof opened>, keptDraft: TaskDraft | null = null): Promise<void> {
  opened = source
  const { file, sample, choice } = source
  useData.setState({
    status: 'reading',
    fileName: file.name,
    sampleId: sample?.id ?? null,
    report: null,
    error: null,
    withoutLong: choice.withoutLong === true,
    edit: NO_EDIT,
    ...NO_TASK,
  })
  try {
    const report = await tuner.openData(file, choice)
    if (opened !== source) return
    useData.setState({ status: 'read', report })
    const draft = keptDraft ?? proposeTask(report, sample)
    if (draft === null) return
    const isProposed = sample === null && keptDraft === null
    useData.setState({ draft, isProposed, task: 'draft' })
    await checkTask()
    if (isProposed) await mendProposal()
  } catch (error) {
    if (opened === source) useData.setState({ status: 'failed', error: toReport(error) })
  }
}

/** None for rows without labels. A column called `answer`, or one with more values than classes may be, holds texts. */
function proposeTask(report: DataReport, sample: Sample | null): TaskDraft | null {
  if (sample !== null && report.labelColumn === sample.labelColumn) return draftOfTask(sample.task)
  const labels = report.labels.map(({ label }) => label)
  if (labels.length < 2) return null
  const isText = labels.length > TASK_LIMITS.classes || report.labelColumn?.toLowerCase() === 'answer'
  return isText ? draftOfAnswers() : draftOfLabels(labels)
}

/** Another kind of answer, with a draft of its own. */
export function chooseAnswers(kind: 'classes' | 'texts'): void {
  const { report } = useData.getState()
  if (report === null) return
  const labels = report.labels.map(({ label }) => label)
  useData.setState({
    draft: kind === 'texts' ? draftOfAnswers() : draftOfLabels(labels),
    task: 'draft',
    isProposed: kind === 'classes',
  })
}

export function editTask(draft: TaskDraft): void {
  useData.setState({ draft, task: 'draft', isProposed: false })
}

/** Gives the task to the worker, which looks up each word and counts the rows. Never throws. */
export async function checkTask(): Promise<void> {
  const { draft } = useData.getState()
  if (draft === null) return
  useData.setState({ task: 'checking', taskError: null })
  try {
    const taskReport = await tuner.setTask(taskOfDraft(draft))
    if (useData.getState().draft === draft) useData.setState({ task: 'checked', taskReport })
  } catch (error) {
    if (useData.getState().draft === draft) {
      useData.setState({ task: 'failed', taskReport: null, taskError: toReport(error) })
    }
  }
}

/** Of words that came from a label's name, those that the model splits are no loss while another one stands for it. */
async function mendProposal(): Promise<void> {
  const { draft, taskReport } = useData.getState()
  if (draft === null || taskReport === null) return
  const mended = splitWords(taskReport).reduce(
    (rest, { label, word, suggestion }) =>
      suggestion === null ? withoutWord(rest, label, word) : replaceWord(rest, label, word, suggestion),
    draft,
  )
  if (mended === draft) return
  useData.setState({ draft: mended })
  await checkTask()
}

/** Takes a word out of the task, or puts another one in its place. */
export async function mendWord(label: string, word: string, by: string | null): Promise<void> {
  const { draft } = useData.getState()
  if (draft === null) return
  editTask(by === null ? withoutWord(draft, label, word) : replaceWord(draft, label, word, by))
  await checkTask()
}

/** What an edited file is made of, for `editedFile.ts`. */
export function openedSource(): { readonly file: File; readonly choice: DataChoice } | null {
  return opened
}

/** A worker that ended took the rows with it. */
export function followTuner(): () => void {
  return onTunerEnd(() => {
    if (useData.getState().status === 'read') useData.setState({ status: 'lost' })
  })
}
