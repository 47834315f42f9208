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

/** Chance of a row to be held out, from the number of rows alone. */
export function heldOutShare(rows: number): number {
  return Math.min(HELD_OUT.share, HELD_OUT.rows / Math.max(rows, 1))
}

/** Whether a row is held out, by its label and text: equal rows count as one and share a coin. */
export type Coins = (row: { readonly label: string; readonly text: string }) => boolean

/** One coin per labelled row; to be thrown once per file, so that a row keeps its side whatever the task. */
export function throwCoins(examples: readonly Example[], share: number, random: RandomSource): Coins {
  const coins = heldOutCoins(examples.length, share, random)
  const sides = new Map<string, boolean>()
  for (const [row, { label, text }] of examples.entries()) {
    if (label !== null && !sides.has(keyOf({ label, text }))) sides.set(keyOf({ label, text }), coins[row] === 1)
  }
  return (row) => sides.get(keyOf(row)) ?? false
}

/** Unlike a plain concatenation, says where the label ends. */
function keyOf({ label, text }: { readonly label: string; readonly text: string }): string {
  return `${label.length} ${label} ${text}`
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
    heldOut: sidesOf(rows, coins),
  }
}

/** 1 where a row is held out. */
export function sidesOf(rows: PreparedRows['rows'], coins: Coins): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(rows, (row) => (coins(row) ? 1 : 0))
}

/** Rows trained on and rows held out: public constants of a plan. */
export function countRows({ heldOut }: Pick<TuningRows, 'heldOut'>): {
  readonly trainRows: number
  readonly heldOutRows: number
} {
  const heldOutRows = heldOut.reduce((sum, coin) => sum + coin, 0)
  return { trainRows: heldOut.length - heldOutRows, heldOutRows }
}
