/** The numbers of a private run as they are typed and printed. Every error is `usage`. */
import { readNumber, usageError } from './options.ts'

type Range = { readonly holds: (value: number) => boolean; readonly words: string }

function readWithin(command: string, option: string, typed: string, { holds, words }: Range): number {
  const value = readNumber(command, option, typed) ?? Number.NaN
  if (holds(value)) return value
  throw usageError(command, `--${option} ${typed} must be ${words}`)
}

export function readDelta(command: string, typed: string): number {
  return readWithin(command, 'delta', typed, { holds: (x) => x > 0 && x < 1, words: 'between 0 and 1' })
}

export function readEpsilon(command: string, typed: string): number {
  return readWithin(command, 'epsilon', typed, { holds: (x) => x > 0, words: 'above 0' })
}

export function readRate(command: string, typed: string): number {
  return readWithin(command, 'q', typed, { holds: (x) => x >= 0 && x <= 1, words: 'from 0 to 1' })
}

export function readSigma(command: string, typed: string): number {
  return readWithin(command, 'sigma', typed, { holds: (x) => x >= 0, words: '0 or above' })
}

export function readSteps(command: string, typed: string): number {
  return readWhole(command, 'steps', { typed, from: 0, to: Number.MAX_SAFE_INTEGER })
}

export function readWhole(
  command: string,
  option: string,
  { typed, from, to }: { readonly typed: string; readonly from: number; readonly to: number },
): number {
  const isWithin = (x: number): boolean => Number.isSafeInteger(x) && x >= from && x <= to
  const end = to === Number.MAX_SAFE_INTEGER ? 'on' : `to ${to}`
  return readWithin(command, option, typed, { holds: isWithin, words: `a whole number from ${from} ${end}` })
}

/** JSON has no infinity: it becomes the string "Infinity". */
export function forJson(report: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(report).map(([name, value]) => [name, value === Infinity ? 'Infinity' : value]),
  )
}

/** Six digits; rounded up, since it may be a promise. */
export function figure(epsilon: number): string {
  if (!(epsilon > 0 && epsilon < Infinity)) return epsilon === 0 ? '0' : 'infinite'
  const unit = 10 ** (5 - Math.floor(Math.log10(epsilon)))
  return String(Number((Math.ceil(epsilon * unit - 1e-9) / unit).toPrecision(6)))
}
