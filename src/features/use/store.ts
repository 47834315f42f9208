/** A file of texts on its way to its labels. The file and the result are held beside the store, which stays plain data. */
import { create } from 'zustand'
import { type ErrorReport, SoftpostError, toReport } from '../../../workers/protocol/errors.ts'
import type { LabelledFile, LabelProgress } from '../../../workers/protocol/tuner.ts'
import { tuner } from '../../engine/bridge.ts'
import { classifyAll } from '../../engine/classifyAll.ts'
import { saveFile } from '../../engine/save.ts'

export type Labelling =
  | { readonly status: 'empty' | 'chosen' | 'reading' }
  /** Only for the large model: what would be sent, before it is agreed to. */
  | { readonly status: 'asking'; readonly texts: number; readonly bytes: number }
  | { readonly status: 'working' | 'stopping'; readonly rowsDone: number; readonly rows: number }
  | { readonly status: 'done'; readonly rows: number }
  | { readonly status: 'failed'; readonly error: ErrorReport }

export type Reader = 'device' | 'provider'

type UseState = {
  readonly reader: Reader
  readonly file: { readonly name: string; readonly sizeBytes: number } | null
  /** Empty takes the usual one. */
  readonly column: string
  readonly labelling: Labelling
}

export const useLabelling = create<UseState>(() => ({
  reader: 'device',
  file: null,
  column: '',
  labelling: { status: 'empty' },
}))

const held: {
  file: File | null
  texts: readonly string[] | null
  result: LabelledFile | null
  stop: (() => void) | null
} = {
  file: null,
  texts: null,
  result: null,
  stop: null,
}

const show = (labelling: Labelling) => useLabelling.setState({ labelling })

export function chooseReader(reader: Reader): void {
  useLabelling.setState({ reader })
  forgetWork()
}

export function setColumn(column: string): void {
  useLabelling.setState({ column })
  forgetWork()
}

export function takeFile(file: File): void {
  held.file = file
  useLabelling.setState({ file: { name: file.name, sizeBytes: file.size } })
  forgetWork()
}

export function dropFile(): void {
  held.file = null
  useLabelling.setState({ file: null })
  forgetWork()
}

function forgetWork(): void {
  held.texts = null
  held.result = null
  show({ status: held.file === null ? 'empty' : 'chosen' })
}

function columns(): { readonly text?: string } {
  const column = useLabelling.getState().column.trim()
  return column === '' ? {} : { text: column }
}

/** By the student, here. Never throws: an error stands in the store. */
export async function labelHere(runId: string): Promise<void> {
  await work(async (file) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = ({ data }: MessageEvent<LabelProgress>) => {
      if (useLabelling.getState().labelling.status !== 'stopping') show({ status: 'working', ...data })
    }
    held.stop = () => port1.postMessage('stop')
    try {
      return await tuner.labelFile(runId, file, columns(), port2)
    } finally {
      port1.close()
    }
  })
}

/** Reads the texts, so that the person sees how many would leave. Sends nothing. */
export async function askToSend(): Promise<void> {
  const { file } = held
  if (file === null) return
  show({ status: 'reading' })
  try {
    const texts = await tuner.readTexts(file, columns())
    if (held.file !== file) return
    held.texts = texts
    const filled = texts.filter((text) => text !== '')
    if (filled.length === 0) throw new SoftpostError('no-rows', 'no row of this column has a text; check the column')
    const bytes = filled.reduce((sum, text) => sum + new TextEncoder().encode(text).length, 0)
    show({ status: 'asking', texts: filled.length, bytes })
  } catch (error) {
    show({ status: 'failed', error: toReport(error) })
  }
}

/** By the large model, after the person has agreed. Never throws: an error stands in the store. */
export async function labelThere(jobId: string, answers: 'classes' | 'texts'): Promise<void> {
  const { texts } = held
  if (texts === null) return
  const rows = texts.filter((text) => text !== '').length
  await work(async (file) => {
    const stop = new AbortController()
    held.stop = () => stop.abort()
    const labels = await classifyAll(texts, {
      jobId,
      answers,
      signal: stop.signal,
      onProgress: (rowsDone) => show({ status: 'working', rowsDone, rows }),
    })
    return await tuner.joinLabels(file, columns(), labels)
  })
}

async function work(label: (file: File) => Promise<LabelledFile>): Promise<void> {
  const { file } = held
  const { labelling } = useLabelling.getState()
  if (file === null || labelling.status === 'working' || labelling.status === 'stopping') return
  show({ status: 'working', rowsDone: 0, rows: 0 })
  try {
    const result = await label(file)
    held.result = result
    show({ status: 'done', rows: result.rows })
  } catch (error) {
    const report = toReport(error)
    show(report.code === 'cancelled' ? { status: 'chosen' } : { status: 'failed', error: report })
  } finally {
    held.stop = null
  }
}

export function stopLabelling(): void {
  const { labelling } = useLabelling.getState()
  if (labelling.status !== 'working') return
  show({ ...labelling, status: 'stopping' })
  held.stop?.()
}

export function saveLabelled(): void {
  const { file, result } = held
  if (file !== null && result !== null) saveFile(labelledName(file.name), 'text/csv', result.csv)
}

export function labelledName(name: string): string {
  return `${name.replace(/\.[^.]*$/, '')}-labelled.csv`
}
