/** From a file's examples to rows that the model reads, each trained on or held out. Same in the browser and in Node. */
import type { Tokenizer } from '../model/tokenizer.ts'
import { heldOutCoins } from '../privacy/sampler.ts'
import type { RandomSource } from '../privacy/random.ts'
import type { Task } from '../protocol/task.ts'
import { createEncoder } from '../task/encoder.ts'
import { prepareRows, requireClasses, type PreparedRows } from '../task/rows.ts'
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

/**
 * Whether a row is held out: by its person where rows name theirs, else by its label and text, so that equal rows count
 * as one and share a coin.
 */
export type Coins = (row: CoinRow) => boolean

type CoinRow = { readonly label: string; readonly text: string; readonly person?: string }

/** One coin per person or labelled row; to be thrown once per file, so that each keeps its side whatever the task. */
export function throwCoins(examples: readonly Example[], share: number, random: RandomSource): Coins {
  const coins = heldOutCoins(examples.length, share, random)
  const sides = new Map<string, boolean>()
  for (const [row, { label, ...example }] of examples.entries()) {
    if (label === null) continue
    const key = keyOf({ label, ...example })
    if (!sides.has(key)) sides.set(key, coins[row] === 1)
  }
  return (row) => sides.get(keyOf(row)) ?? false
}

/** Unlike a plain concatenation, says where the label ends. */
function keyOf({ label, text, person }: CoinRow): string {
  return person === undefined ? `${label.length} ${label} ${text}` : `person ${person}`
}

/**
 * The file's rows of the task's classes, equal rows once.
 * @throws SoftpostError `no-rows`, `one-class`.
 */
export function selectRows(task: Task, examples: readonly Example[]): PreparedRows {
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
  for (const { text } of rows) {
    encoded.push(encoder.encode(text))
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
