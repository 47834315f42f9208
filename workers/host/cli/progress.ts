/** Progress of a command on standard error: one line that is rewritten on a terminal, a line now and then elsewhere. */
import process from 'node:process'

/** Milliseconds between two lines. */
const PACE = { terminal: 200, log: 5_000 } as const

export type ProgressLine = {
  /** Shows `text` if the last line is old enough. */
  show(text: string): void
  /** Shows `text` in any case and ends its line. */
  end(text: string): void
}

export function progressLine(out: NodeJS.WriteStream = process.stderr): ProgressLine {
  const pace = out.isTTY ? PACE.terminal : PACE.log
  let last = Number.NEGATIVE_INFINITY
  const write = out.isTTY
    ? (text: string, ending: string) => out.write(`\r\u001B[2K${text}${ending}`)
    : (text: string) => out.write(`${text}\n`)
  return {
    show: (text) => {
      const now = performance.now()
      if (now - last < pace) return
      last = now
      write(text, '')
    },
    end: (text) => {
      write(text, '\n')
    },
  }
}

/** "3 min 20 s", or "…" while nothing is known. */
export function duration(seconds: number | null): string {
  if (seconds === null) return '…'
  const whole = Math.max(0, Math.round(seconds))
  const minutes = Math.floor(whole / 60)
  return minutes === 0 ? `${whole} s` : `${minutes} min ${whole % 60} s`
}
