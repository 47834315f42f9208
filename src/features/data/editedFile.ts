/** An edited file: made by the worker, kept here until it is saved or opened in place of the first one. */
import { toReport } from '../../../workers/protocol/errors.ts'
import type { Repair } from '../../../workers/protocol/tuner.ts'
import { tuner } from '../../engine/bridge.ts'
import { saveFile } from '../../engine/save.ts'
import { openedSource, openFile } from './actions.ts'
import { DATA_COPY } from './copy.ts'
import { useData } from './store.ts'

const CSV = 'text/csv'

let made: { readonly name: string; readonly csv: Uint8Array<ArrayBuffer> } | null = null

export function chooseRepair(repair: Repair, isChosen: boolean): void {
  const others = useData.getState().edit.repairs.filter((other) => other !== repair)
  useData.setState({ edit: { status: 'choosing', repairs: isChosen ? [...others, repair] : others } })
}

/** Never throws: an error stands in the store. */
export async function makeEdited(): Promise<void> {
  const source = openedSource()
  if (source === null) return
  const { repairs } = useData.getState().edit
  useData.setState({ edit: { status: 'making', repairs } })
  try {
    const { rows, csv } = await tuner.repairFile(source.file, source.choice, repairs)
    if (openedSource() !== source) return
    made = { name: DATA_COPY.problems.edit.name(source.file.name.replace(/\.[^.]*$/, '')), csv }
    useData.setState({ edit: { status: 'made', repairs, rows } })
  } catch (error) {
    if (openedSource() === source) useData.setState({ edit: { status: 'failed', repairs, error: toReport(error) } })
  }
}

export function saveEdited(): void {
  if (made !== null) saveFile(made.name, CSV, made.csv)
}

export async function openEdited(): Promise<void> {
  if (made !== null) await openFile(new File([made.csv], made.name, { type: CSV }))
}
