/** An edited file: the rows that are left, with all their columns. Reads the file anew and leaves what is open alone. */
import type { TunerApi } from '../protocol/tuner.ts'
import { writeCsv } from '../task/csv.ts'
import { repairTable } from '../task/read/readDataset.ts'
import { readFile } from './workspace.ts'

export const repairFile: TunerApi['repairFile'] = async (file, choice, repairs) => {
  const { columns, rows } = repairTable({ name: file.name, bytes: await readFile(file) }, choice, repairs)
  const lines = rows.map((row) => columns.map((_, column) => row[column] ?? ''))
  return { rows: rows.length, csv: writeCsv([columns, ...lines]) }
}
