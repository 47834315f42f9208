import { SoftpostError } from '../../protocol/errors.ts'

/** What a method says to a task whose answers are texts. */
export function needsClasses(what: string): SoftpostError {
  return new SoftpostError(
    'usage',
    `${what} is for tasks of classes; leave it out of tables with tasks of kind "extract"`,
  )
}
