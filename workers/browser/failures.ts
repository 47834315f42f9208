/** Errors of the worker's calls as values, since classes do not survive the way to the page. */
import { toReport } from '../protocol/errors.ts'
import type { Failure, TunerApi } from '../protocol/tuner.ts'

export type AnsweringApi = {
  readonly [Name in keyof TunerApi]: TunerApi[Name] extends (...args: infer A) => Promise<infer R>
    ? (...args: A) => Promise<R | Failure>
    : never
}

type Call = (...args: unknown[]) => Promise<unknown>

/** The same calls; what one throws is its answer. `api` is an object of functions that need no `this`. */
export function answering(api: TunerApi): AnsweringApi {
  const answers = Object.entries(api).map(([name, call]: [string, Call]) => [name, answer(call)])
  // Each call keeps its name and its arguments; `answer` adds the failure to what it gives.
  return Object.fromEntries(answers) as AnsweringApi
}

function answer(call: Call): Call {
  return async (...args) => {
    try {
      return await call(...args)
    } catch (error) {
      return { failure: toReport(error) } satisfies Failure
    }
  }
}
