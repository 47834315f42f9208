/** Waits for Ctrl+C or its kin. */
import process from 'node:process'

/** One Ctrl+C arrives several times: from the terminal, from npm and from the launcher. */
const ONE_KEYSTROKE_MS = 1000

/** Settles at SIGINT or SIGTERM; told again, the process ends at once. */
export async function untilTold(): Promise<void> {
  await new Promise<void>((resolve) => {
    let first: number | null = null
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        first ??= performance.now()
        if (performance.now() - first > ONE_KEYSTROKE_MS) process.exit(1)
        resolve()
      })
    }
  })
}
