/** `softpost serve`: page, API and transfer worker in one process, until it is told to stop. */
import process from 'node:process'
import { parseArgs } from 'node:util'
import { SoftpostError } from '../../protocol/errors.ts'
import { DEFAULT_PORT, readHostOptions, type HostArguments } from '../config.ts'
import { startHost, type Host } from '../server/startHost.ts'
import type { Command } from './command.ts'
import { untilTold } from './untilTold.ts'

const HELP = `Usage: softpost serve [options]

Serves the page, the API and the transfer worker.

  --port N             port (default ${DEFAULT_PORT}, or PORT); 0 takes a free one
  --host NAME          address to listen on (default 127.0.0.1); any other needs --keys
  --data-dir DIR       requests, results and the embedded database (default .softpost/host)
  --store s3://B/DIR   keep requests and results in a bucket instead (docs/deploy.md)
  --database-url URL   PostgreSQL for the queue (or DATABASE_URL); default: the embedded database
  --keys FILE          JSON list of keys; without it only this machine is served
  --models DIR         folder of model folders (default: the demo models)
  --public-sets FILE   list of public sets (default: the samples)
  --site DIR           the built page (default: dist)
  --allow-origin URL   a page elsewhere that may call the API; may be given several times
  --backend NAME       auto, webgpu or wasm (default auto)
  --retention-days N   days that a transfer is kept (default 7)
  --transfer-steps N   steps of a transfer that asks for none (default 1000 on a GPU, 250 without)
  --no-work            compute no transfers: softpost worker does, on this machine or others
  --workshop           serve the local network over https, with an invitation to show on this machine's screen
  --tls-cert FILE, --tls-key FILE
                       with --workshop: a certificate of your own (default: one is made at start)
  --json               print one line of JSON when it answers, instead of words
`

export const serveCommand: Command = {
  name: 'serve',
  summary: 'serve the page, the API and the transfer worker',
  help: HELP,
  run: serve,
}

async function serve(args: readonly string[]): Promise<number> {
  const { json, ...typed } = readArguments(args)
  const options = readHostOptions(typed, process.env)
  // Listened for from the start: told during it, the host stops as soon as it can do so in good order.
  const told = untilTold()
  const host = await startHost(options)
  process.stdout.write(
    json
      ? `${JSON.stringify({ url: host.url, ...host.workshop })}\n`
      : `Softpost is at ${host.url} (Ctrl+C stops it)\n${describeWorkshop(host)}`,
  )
  await told
  await host.close()
  return 0
}

function describeWorkshop({ url, workshop }: Host): string {
  if (workshop === null) return ''
  return `
Show ${url}/#workshop on this machine's screen: it holds the code for the room.
Or give out this address:  ${workshop.address}
Browsers will warn; the certificate's SHA-256 fingerprint is
  ${workshop.fingerprint}
`
}

function readArguments(args: readonly string[]): HostArguments & { readonly json?: boolean | undefined } {
  const text = { type: 'string' } as const
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        port: text,
        host: text,
        'data-dir': text,
        store: text,
        'database-url': text,
        keys: text,
        models: text,
        'public-sets': text,
        site: text,
        'allow-origin': { type: 'string', multiple: true },
        backend: text,
        'retention-days': text,
        'transfer-steps': text,
        'no-work': { type: 'boolean' },
        workshop: { type: 'boolean' },
        'tls-cert': text,
        'tls-key': text,
        json: { type: 'boolean' },
      },
    })
    return values
  } catch (error) {
    throw new SoftpostError(
      'usage',
      `serve: ${error instanceof Error ? error.message : String(error)}; see serve --help`,
      {
        cause: error,
      },
    )
  }
}
