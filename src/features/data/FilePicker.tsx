import { FileDrop } from '../../ui/FileDrop.tsx'
import { openFile } from './actions.ts'
import { DATA_COPY } from './copy.ts'

export function FilePicker() {
  return <FileDrop words={DATA_COPY.pick} onFile={(file) => void openFile(file)} />
}
