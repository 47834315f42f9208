/** Labels whole files with the student, part by part, so that progress shows and a wish to stop is heard. */
import type { Answer } from '../protocol/answer.ts'
import type { ColumnChoice, LabelProgress, TunerApi } from '../protocol/tuner.ts'
import { readTextFile, type TextFile, writeLabelled } from '../task/labelled.ts'
import { openControl } from './control.ts'
import { answerTexts, type Answering } from './answering.ts'
import { readFile, type Workspace } from './workspace.ts'

/** Rows between two reports: a second or so on a slow device. */
const ROWS_PER_PART = 128

type LabelCalls = Pick<TunerApi, 'labelFile' | 'readTexts' | 'joinLabels'>

/** @param mayAnswer throws where what the model says about one of the texts must not be shown. */
export function createLabelCalls(
  workspace: Workspace,
  answeringOf: (runId: string | null) => Promise<Answering>,
  mayAnswer: (runId: string | null, texts: readonly string[]) => Promise<void>,
): LabelCalls {
  return {
    labelFile: async (runId, file, columns, control) => {
      try {
        const answering = await answeringOf(runId)
        const { table, texts } = await openTexts(file, columns)
        await mayAnswer(runId, texts)
        return writeLabelled(table, await labelTexts(texts, { workspace, answering, control }))
      } finally {
        control.close()
      }
    },
    readTexts: async (file, columns) => (await openTexts(file, columns)).texts,
    joinLabels: async (file, columns, labels) => writeLabelled((await openTexts(file, columns)).table, labels),
  }
}

async function openTexts(file: File, columns: ColumnChoice): Promise<TextFile> {
  return readTextFile({ name: file.name, bytes: await readFile(file) }, columns)
}

type Labelling = { readonly workspace: Workspace; readonly answering: Answering; readonly control: MessagePort }

/** One prediction a text; null for an empty one. */
async function labelTexts(
  texts: readonly string[],
  { workspace, answering, control }: Labelling,
): Promise<(Answer | null)[]> {
  const filled = texts.flatMap((text, row) => (text === '' ? [] : [row]))
  const predictions: (Answer | null)[] = texts.map(() => null)
  const { report } = openControl<LabelProgress>(control, 'labelling was stopped; nothing was changed')
  for (let start = 0; start < filled.length; start += ROWS_PER_PART) {
    await report({ rowsDone: start, rows: filled.length })
    const part = filled.slice(start, start + ROWS_PER_PART)
    const asked = part.map((row) => texts[row] ?? '')
    const answers = await answerTexts(workspace.student, answering, asked)
    for (const [at, row] of part.entries()) predictions[row] = answers[at] ?? null
  }
  return predictions
}
