/** `softpost worker`: one more process, on this machine or another, that computes the transfers of a host. */
import process from 'node:process'
import { parseArgs } from 'node:util'
import { readWorkerOptions, type WorkerOptions } from '../config.ts'
import { logToStderr } from '../queue/log.ts'
import { openTransfers, type TransferParts } from '../queue/openTransfers.ts'
import { countAttempt, Metrics } from '../server/metrics.ts'
import { startWorkerMonitor } from '../server/workerMonitor.ts'
import type { Command } from './command.ts'
import { parseOptions } from './options.ts'
import { untilTold } from './untilTold.ts'

const NAME = 'worker'

const HELP = `Usage: softpost worker --database-url URL [options]

Computes transfers of the hosts that share its database and data folder or bucket, one at a time. Any number may run, on any
number of machines; each needs the hosts' models and public sets. Killed, it loses nothing: its transfer is run again.

  --database-url URL   PostgreSQL of the queue (or DATABASE_URL)
  --data-dir DIR       the hosts' data folder (default .softpost/host)
  --store s3://B/DIR   the hosts' bucket in its place (docs/deploy.md)
  --models DIR         folder of model folders (default: the demo models)
  --public-sets FILE   list of public sets (default: the samples)
  --backend NAME       auto, webgpu or wasm (default auto)
  --transfer-steps N   steps of a transfer that asks for none (default 1000 on a GPU, 250 without)
  --monitor HOST:PORT  answer /healthz, /readyz and /metrics there (default: nowhere); open it to those who watch alone
  --json               print one line of JSON when it begins, instead of words
`

export const workerCommand: Command = {
  name: NAME,
  summary: 'compute the transfers of a host, beside it or on another machine',
  help: HELP,
  run: work,
}

const text = { type: 'string' } as const
const OPTIONS = {
  'database-url': text,
  'data-dir': text,
  store: text,
  models: text,
  'public-sets': text,
  backend: text,
  'transfer-steps': text,
  monitor: text,
  json: { type: 'boolean' },
} as const

async function work(args: readonly string[]): Promise<number> {
  const { values } = parseOptions(NAME, () => parseArgs({ args: [...args], options: OPTIONS }))
  const { json, ...typed } = values
  const told = untilTold()
  const worker = await startWorker(readWorkerOptions(typed, process.env))
  process.stdout.write(json ? `${JSON.stringify({ pid: process.pid })}\n` : 'Softpost worker (Ctrl+C stops it)\n')
  await told
  await worker.close()
  return 0
}

/** Takes transfers until it is closed; what runs then is given back. Errors: those of {@link openTransfers}, `usage`. */
export async function startWorker(
  { monitor, ...options }: WorkerOptions,
  parts: TransferParts = {},
): Promise<{ readonly monitorPort: number | null; close(): Promise<void> }> {
  const metrics = new Metrics()
  const transfers = await openTransfers(
    options,
    {
      works: true,
      reconciles: false,
      spent: (seconds) => countAttempt(metrics, seconds),
      purged: () => undefined,
      now: () => new Date(),
    },
    { log: logToStderr, parts },
  )
  await using opened = new AsyncDisposableStack()
  opened.defer(() => transfers.close())
  opened.defer(() => transfers.stop())
  await transfers.start()
  const { queue, models, publicSets } = transfers
  const deps = { queue, models, publicSets, metrics, log: logToStderr }
  const watched = monitor === null ? null : await startWorkerMonitor(monitor, deps)
  if (watched !== null) opened.defer(() => watched.close())
  const all = opened.move()
  return { monitorPort: watched?.port ?? null, close: () => all.disposeAsync() }
}
