/** The files that commands and compute processes are given: tasks and examples. */
import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { SoftpostError } from '../protocol/errors.ts'
import { Task } from '../protocol/task.ts'
import type { ColumnChoice } from '../protocol/tuner.ts'
import { readDataset, requireFileSize, type Dataset } from '../task/read/readDataset.ts'
import { isMissing } from './store/atomic.ts'

/** Errors: `usage` when there is no such file, `task-invalid` naming the field that is wrong. */
export async function readTaskFile(path: string): Promise<Task> {
  const bytes = await readPlainFile(path)
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw new SoftpostError('task-invalid', `${path} is not JSON; a task is a JSON document (docs/formats.md)`, {
      cause: error,
    })
  }
  const parsed = Task.safeParse(json)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const where = issue && issue.path.length > 0 ? ` at ${issue.path.join('.')}` : ''
  const what = issue?.code === 'unrecognized_keys' ? `it has no field ${issue.keys.join(', ')}` : issue?.message
  throw new SoftpostError('task-invalid', `${path} is not a task${where}: ${what ?? 'wrong form'}`, {
    cause: parsed.error,
  })
}

/** What a JSON file holds. Errors: `usage` when there is no such file, or when it holds something else. */
export async function readJsonFile(path: string): Promise<unknown> {
  const bytes = await readPlainFile(path)
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown
  } catch (error) {
    throw new SoftpostError('usage', `${path} is not JSON`, { cause: error })
  }
}

export type TypedColumns = {
  readonly text?: string | undefined
  readonly label?: string | undefined
  readonly person?: string | undefined
}

/** Errors: `usage` when there is no such file, and those of `readDataset`. */
export async function readDataFile(path: string, columns: TypedColumns): Promise<Dataset> {
  const bytes = await readPlainFile(path, requireFileSize)
  return readDataset({ name: basename(path), bytes }, toChoice(columns))
}

/** Columns that were not named leave no field. */
export function toChoice({ text, label, person }: TypedColumns): ColumnChoice {
  return {
    ...(text === undefined ? {} : { text }),
    ...(label === undefined ? {} : { label }),
    ...(person === undefined ? {} : { person }),
  }
}

async function readPlainFile(
  path: string,
  checkSize: (sizeBytes: number) => void = () => undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const entry = await stat(path)
    if (!entry.isFile()) throw new SoftpostError('usage', `${path} is not a file; give the path of one`)
    checkSize(entry.size)
    return new Uint8Array(await readFile(path))
  } catch (error) {
    if (isMissing(error)) throw new SoftpostError('usage', `there is no file ${path}; check the path`, { cause: error })
    throw error
  }
}
