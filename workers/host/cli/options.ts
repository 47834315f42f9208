/** Options as they were typed. Every error is `usage`, in one line that names command, option and remedy. */
import { SoftpostError } from '../../protocol/errors.ts'
import { WEIGHT_FORMATS, type BackendName, type WeightFormat } from '../../protocol/tuning.ts'

export function usageError(command: string, what: string, cause?: unknown): SoftpostError {
  return new SoftpostError('usage', `${command}: ${what}; see ${command} --help`, { cause })
}

/** What `parseArgs` of node:util reads, its own errors made ours. */
export function parseOptions<T>(command: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n', 1)
    throw usageError(command, line, error)
  }
}

type Typed = string | undefined

export function requireOption(command: string, option: string, typed: Typed): string {
  if (typed !== undefined && typed !== '') return typed
  throw usageError(command, `--${option} is needed`)
}

/** A finite number; the range is checked by whoever uses it. */
export function readNumber(command: string, option: string, typed: Typed): number | undefined {
  if (typed === undefined) return undefined
  const value = typed.trim() === '' ? Number.NaN : Number(typed)
  if (Number.isFinite(value)) return value
  throw usageError(command, `--${option} ${typed} is not a number`)
}

export function readChoice<T extends string>(
  command: string,
  option: string,
  { typed, choices }: { readonly typed: Typed; readonly choices: readonly T[] },
): T | undefined {
  if (typed === undefined) return undefined
  const choice = choices.find((name) => name === typed)
  if (choice !== undefined) return choice
  throw usageError(command, `--${option} ${typed} is not one of ${choices.join(', ')}`)
}

/** `cpu` is for tests alone. */
const BACKENDS = ['auto', 'webgpu', 'wasm'] as const

export function readBackend(command: string, typed: Typed): 'auto' | BackendName {
  return readChoice(command, 'backend', { typed, choices: BACKENDS }) ?? 'auto'
}

export function readWeights(command: string, typed: Typed): WeightFormat | undefined {
  return readChoice(command, 'weights', { typed, choices: WEIGHT_FORMATS })
}

type Defined<T> = { readonly [Key in keyof T]?: Exclude<T[Key], undefined> }

/** Options that were not given leave no field, so that a default takes their place. */
export function definedOnly<T extends object>(options: T): Defined<T> {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  // The same fields, less those whose value is undefined.
  return Object.fromEntries(given) as Defined<T>
}
