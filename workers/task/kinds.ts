/** Which kind of task somebody can work with. */
import { SoftpostError } from '../protocol/errors.ts'
import type { ClassifyTask, ExtractTask, Task } from '../protocol/task.ts'

/** @throws SoftpostError `task-invalid` for a task whose answer is a text; `remedy` says what to do with one. */
export function requireClassify(task: Task, remedy: string): ClassifyTask {
  if (task.kind !== 'extract') return task
  throw new SoftpostError('task-invalid', `the task is of kind "extract": its answer is a text, not a class; ${remedy}`)
}

/** @throws SoftpostError `task-invalid` for a task of classes; `remedy` says what to do with one. */
export function requireExtract(task: Task, remedy: string): ExtractTask {
  if (task.kind === 'extract') return task
  throw new SoftpostError('task-invalid', `the task has classes; this is for tasks of kind "extract", ${remedy}`)
}
