/** What the host says on standard error: one JSON line each, sizes and names only, never a text or a prompt. */
import process from 'node:process'
import type { ErrorData } from '../../protocol/errors.ts'

export type Log = (level: 'info' | 'warn' | 'error', message: string, facts?: ErrorData) => void

export const logToStderr: Log = (level, message, facts = {}) => {
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...facts })}\n`)
}

/** The first line of an error, for a log line. */
export function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.split('\n', 1)[0] ?? ''
}
