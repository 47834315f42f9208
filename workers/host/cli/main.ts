/** The `softpost` command: finds the command that was asked for, and turns whatever goes wrong into one line. */
import { readFileSync } from 'node:fs'
import { SoftpostError, toReport } from '../../protocol/errors.ts'
import type { Command } from './command.ts'
import { nearestName } from './nearestName.ts'

/** Loaded when asked for: most of them bring the tensor runtime or the database along. */
export type CommandTable = { readonly [name: string]: () => Promise<Command> }

export const COMMANDS: CommandTable = {
  tune: async () => (await import('./tune.ts')).tuneCommand,
  transfer: async () => (await import('./transfer.ts')).transferCommand,
  ledger: async () => (await import('./ledger.ts')).ledgerCommand,
  classify: async () => (await import('./classify.ts')).classifyCommand,
  generate: async () => (await import('./generate.ts')).generateCommand,
  serve: async () => (await import('./serve.ts')).serveCommand,
  site: async () => (await import('./site.ts')).siteCommand,
  worker: async () => (await import('./worker.ts')).workerCommand,
  'public-sets': async () => (await import('./publicSets.ts')).publicSetsCommand,
  keys: async () => (await import('./keys.ts')).keysCommand,
  student: async () => (await import('./student.ts')).studentCommand,
  distill: async () => (await import('./distill.ts')).distillCommand,
  audit: async () => (await import('./audit.ts')).auditCommand,
  account: async () => (await import('./account.ts')).accountCommand,
  evaluate: async () => (await import('./evaluate.ts')).evaluateCommand,
  parity: async () => (await import('./parity.ts')).parityCommand,
  calibrate: async () => (await import('./calibrate.ts')).calibrateCommand,
}

/** Where the words go; a test's own in place of the terminal. */
export type Output = { readonly out: (text: string) => void; readonly err: (text: string) => void }

const USAGE_CODE = 2
const FAILURE_CODE = 1

/** Runs one command line and resolves to its exit code; errors are printed, not thrown. */
export async function main(
  args: readonly string[],
  output: Output,
  { commands = COMMANDS, debug = false }: { commands?: CommandTable; debug?: boolean } = {},
): Promise<number> {
  try {
    return await dispatch(args, output, commands)
  } catch (error) {
    output.err(describeFailure(error, debug))
    return exitCodeOf(error)
  }
}

async function dispatch([name, ...rest]: readonly string[], { out }: Output, commands: CommandTable): Promise<number> {
  if (name === undefined) throw new SoftpostError('usage', 'say which command; softpost --help lists them')
  if (name === '--version') {
    out(`${version()}\n`)
    return 0
  }
  if (asksForHelp(name) && rest.length === 0) {
    out(await overview(commands))
    return 0
  }
  const command = await find(asksForHelp(name) ? (rest[0] ?? '') : name, commands)
  if (asksForHelp(name) || rest.some((word) => word === '--help' || word === '-h')) {
    out(command.help)
    return 0
  }
  return await command.run(rest)
}

const asksForHelp = (word: string): boolean => ['--help', '-h', 'help'].includes(word)

async function find(name: string, commands: CommandTable): Promise<Command> {
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (load !== undefined) return await load()
  const near = nearestName(name, Object.keys(commands))
  const hint = near === null ? 'softpost --help lists them' : `did you mean ${near}?`
  throw new SoftpostError('usage', `there is no command "${name}"; ${hint}`)
}

async function overview(commands: CommandTable): Promise<string> {
  const all = await Promise.all(Object.values(commands).map((load) => load()))
  const width = Math.max(...all.map(({ name }) => name.length))
  const lines = all.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`)
  return `Usage: softpost COMMAND [options]

Private soft prompts for large models: tune on your own examples, transfer with public data.

${lines.join('\n')}

softpost COMMAND --help says more about one. With --json the last line of standard output is one JSON object.
SOFTPOST_DEBUG=1 adds where an error came from.
`
}

function version(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

/** One line, whatever the error holds, unless its origin is asked for. */
export function describeFailure(error: unknown, debug: boolean): string {
  const line = `softpost: ${toReport(error)
    .message.trim()
    .replaceAll(/\s*\n\s*/g, ' ')}\n`
  return debug && error instanceof Error ? `${line}${error.stack ?? ''}\n` : line
}

function exitCodeOf(error: unknown): number {
  return error instanceof SoftpostError && error.code === 'usage' ? USAGE_CODE : FAILURE_CODE
}
