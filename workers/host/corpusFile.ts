/**
 * Texts of a file for distillation. Lines (of text, of JSON) stay on the disk and are read as they are drawn, so the file
 * may be of any size; CSV and TSV, whose rows may span lines, are held in memory.
 */
import { open, readFile, type FileHandle } from 'node:fs/promises'
import { basename } from 'node:path'
import type { TextSource } from '../distill/corpus.ts'
import { SoftpostError } from '../protocol/errors.ts'
import { readJsonLines } from '../task/read/lines.ts'
import { readDataset, type Dataset } from '../task/read/readDataset.ts'
import { readDataFile, toChoice, type TypedColumns } from './inputs.ts'
import { indexLines } from './lineIndex.ts'
import { isMissing } from './store/atomic.ts'
import { sha256Hex } from './store/hash.ts'

export type OpenCorpusFile = {
  readonly source: TextSource
  /** Of the file, in lower-case hex: a run goes on with the same texts alone. */
  readonly sha256: string
  readonly close: () => Promise<void>
}

/** What the columns and the format are read from. */
const HEAD_BYTES = 2 ** 20

/**
 * @param template what a row becomes, with `{text}` and `{label}`; lines of plain text are taken as they are.
 * @throws SoftpostError `usage` when there is no such file, and those of `readDataset`.
 */
export async function openCorpusFile(path: string, columns: TypedColumns, template: string): Promise<OpenCorpusFile> {
  const file = await openFile(path)
  try {
    const { report } = await readHead(file, path, columns)
    if (report.format !== 'text' && report.format !== 'jsonl') {
      await file.close()
      return await holdRows(path, columns, template)
    }
    const lines = await indexLines(file)
    const { format, textColumn, labelColumn } = report
    const read = async (place: number): Promise<string | null> => {
      const line = await lines.read(place)
      return format === 'text' ? line : fillLine(line, { textColumn, labelColumn, template })
    }
    return { source: { size: lines.size, read }, sha256: lines.sha256, close: () => file.close() }
  } catch (error) {
    await file.close()
    throw error
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r')
  } catch (error) {
    if (isMissing(error)) throw new SoftpostError('usage', `there is no file ${path}; check the path`, { cause: error })
    throw error
  }
}

/** The first lines, read as a file of their own. */
async function readHead(file: FileHandle, path: string, columns: TypedColumns): Promise<Dataset> {
  const buffer = Buffer.alloc(HEAD_BYTES)
  const { bytesRead } = await file.read(buffer, 0, HEAD_BYTES, 0)
  const end = bytesRead < HEAD_BYTES ? bytesRead : buffer.lastIndexOf('\n', bytesRead - 1) + 1
  const bytes = new Uint8Array(buffer.subarray(0, end > 0 ? end : bytesRead))
  return readDataset({ name: basename(path), bytes }, toChoice(columns))
}

async function holdRows(path: string, columns: TypedColumns, template: string): Promise<OpenCorpusFile> {
  const { examples } = await readDataFile(path, columns)
  const texts = examples.map(({ text, label }) => fill(template, text, label))
  return {
    source: { size: texts.length, read: async (place) => texts[place] ?? null },
    sha256: sha256Hex(await readFile(path)),
    close: async () => undefined,
  }
}

/** Null for a line that is no row with a text. */
function fillLine(
  line: string,
  { textColumn, labelColumn, template }: { textColumn: string; labelColumn: string | null; template: string },
): string | null {
  const { columns, rows } = readJsonLines(line)
  const cell = (name: string | null): string => (name === null ? '' : (rows[0]?.[columns.indexOf(name)]?.trim() ?? ''))
  const [text, label] = [cell(textColumn), cell(labelColumn)]
  return text === '' || (labelColumn !== null && label === '') ? null : fill(template, text, label)
}

function fill(template: string, text: string, label: string | null): string {
  return template.replace('{text}', () => text).replace('{label}', () => label ?? '')
}
