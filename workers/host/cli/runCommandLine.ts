/** The command line as a process: standard streams, and an end that nothing can hold up. */
import process from 'node:process'
import { describeFailure, main, type Output } from './main.ts'

/** What a C program returns whose reader has gone (128 + SIGPIPE). */
const READER_GONE = 141

/** Runs it and ends the process. */
export async function runCommandLine(args: readonly string[]): Promise<never> {
  const debug = process.env['SOFTPOST_DEBUG'] === '1'
  process.stdout.on('error', endWhenReaderIsGone)
  process.stderr.on('error', endWhenReaderIsGone)
  // Covers what no promise carries: an event handler or a worker of a library that throws.
  process.on('uncaughtException', (error) => {
    process.stderr.write(describeFailure(error, debug))
    process.exit(1)
  })
  const code = await main(args, TERMINAL, { debug })
  await Promise.all([flushed(process.stdout), flushed(process.stderr)])
  // Dawn keeps a process alive as long as its objects live, and crashes some on the way out.
  process.exit(code)
}

const TERMINAL: Output = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
}

/** `softpost … | head -1` is no error. */
function endWhenReaderIsGone(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
  process.exit(READER_GONE)
}

async function flushed(stream: NodeJS.WriteStream): Promise<void> {
  await new Promise<void>((resolve) => {
    stream.write('', () => resolve())
  })
}
