/** From a file's examples to rows that the model reads, each trained on or held out. Same in the browser and in Node. */
import type { Tokenizer } from '../model/tokenizer.ts'
import { heldOutCoins } from '../privacy/sampler.ts'
import type { RandomSource } from '../privacy/random.ts'
import type { Task } from '../protocol/task.ts'
import { createEncoder } from '../task/encoder.ts'
import { answerForm } from '../task/answers.ts'
import { prepareAnswers, prepareRows, requireAnswers, requireClasses, type PreparedRows } from '../task/rows.ts'
import type { Encoded, Example } from '../task/types.ts'
import type { TuningRows } from './types.ts'

/** Enough rows for a share that is right within a few percent; each costs time at every evaluation. */
const HELD_OUT = { share: 0.1, rows: 300 } as const

/** Chance of a unit to be held out, from the number of units alone. */
export function heldOutShare(units: number): number {
  return Math.min(HELD_OUT.share, HELD_OUT.rows / Math.max(units, 1))
}

/** Persons of a file whose rows name theirs, else its rows. */
export function countFileUnits(examples: readonly Example[]): number {
  if (!hasPersons(examples)) return examples.length
  return new Set(examples.map(({ person }) => person)).size
}

function hasPersons(examples: readonly Pick<Example, 'person'>[]): boolean {
  return examples.some(({ person }) => person !== undefined)
}

/** Whether a row is held out. Rows of one unit share a coin. */
export type Coins = (row: Whose) => boolean

type Whose = Pick<Example, 'text' | 'person'>

/**
 * What a row's unit is known by: its person where rows name theirs, else its text. The label plays no part, so a file
 * that was labelled anew, or is read with another of its label columns, has the same rows.
 */
export function unitKey({ text, person }: Whose): string {
  return person === undefined ? `row ${text}` : `person ${person}`
}

/** @param sides 1 at the place of each example that is held out; of one unit's rows the first decides. */
export function coinsOf(examples: readonly Whose[], sides: Uint8Array): Coins {
  const sideOf = new Map<string, boolean>()
  for (const [place, example] of examples.entries()) {
    const key = unitKey(example)
    if (!sideOf.has(key)) sideOf.set(key, sides[place] === 1)
  }
  return (row) => sideOf.get(unitKey(row)) ?? false
}

/** One coin per unit, for a run that no ledger deals: without DP, where a seed may decide everything. */
export function throwCoins(examples: readonly Whose[], share: number, random: RandomSource): Coins {
  return coinsOf(examples, heldOutCoins(examples.length, share, random))
}

/**
 * The file's rows of the task's classes, or with answers that the model can write; equal rows once.
 * @throws SoftpostError `no-rows`, `one-class`; for a task whose answers are texts also those of `answerForm`.
 */
export function selectRows(task: Task, examples: readonly Example[], tokenizer: Tokenizer): PreparedRows {
  if (task.kind === 'extract') {
    const prepared = prepareAnswers(answerForm(task, tokenizer), examples)
    requireAnswers(task, prepared)
    return prepared
  }
  const prepared = prepareRows(task, examples)
  requireClasses(task, prepared)
  return prepared
}

export type EncodingRequest = {
  readonly task: Task
  readonly tokenizer: Tokenizer
  readonly contextLength: number
  readonly promptLength: number
  readonly coins: Coins
}

export type EncodingHooks = {
  /** Called a few times a second; what it returns is awaited, so that a worker can answer meanwhile. */
  onProgress(done: number, total: number): void | Promise<void>
}

const PROGRESS_INTERVAL_MS = 100

/**
 * Rows as the model reads them beside a prompt of this length. Errors: `text-too-long`, `task-invalid`.
 */
export async function encodeRows(
  { rows }: Pick<PreparedRows, 'rows'>,
  { coins, ...request }: EncodingRequest,
  hooks: EncodingHooks,
): Promise<TuningRows> {
  const encoder = createEncoder(request)
  const encoded: Encoded[] = []
  let reported = performance.now()
  const isExtract = request.task.kind === 'extract'
  for (const { text, label } of rows) {
    encoded.push(isExtract ? encoder.encode(text, label) : encoder.encode(text))
    if (performance.now() - reported < PROGRESS_INTERVAL_MS) continue
    await hooks.onProgress(encoded.length, rows.length)
    reported = performance.now()
  }
  return {
    encoded,
    labels: Int32Array.from(rows, ({ classIndex }) => classIndex),
    ...sidesOf(rows, coins),
  }
}

/** Which rows are held out, and whose they are. */
export function sidesOf(rows: PreparedRows['rows'], coins: Coins): Pick<TuningRows, 'heldOut' | 'persons'> {
  const heldOut = Uint8Array.from(rows, (row) => (coins(row) ? 1 : 0))
  if (!hasPersons(rows)) return { heldOut }
  const numbers = new Map<string, number>()
  const numberOf = (person: string): number => {
    const number = numbers.get(person) ?? numbers.size
    numbers.set(person, number)
    return number
  }
  return { heldOut, persons: Int32Array.from(rows, ({ person = '' }) => numberOf(person)) }
}
