/** `softpost site`: the built page for any file host, which talks to a provider elsewhere. */
import { cp, readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { siteHeaders } from '../../protocol/policy.ts'
import type { SiteConfig } from '../../protocol/wire.ts'
import { isMissing, writeFileAtomically } from '../store/atomic.ts'
import type { Command } from './command.ts'
import { requireFree } from './outFolder.ts'
import { parseOptions, requireOption, usageError } from './options.ts'

const NAME = 'site'
const BUILT = fileURLToPath(new URL('../../../dist', import.meta.url))

const HELP = `Usage: softpost site --endpoint URL --out DIR [options]

Writes the page as plain files for any file host. The provider's API at URL must allow the page's address
(softpost serve --allow-origin).

  --endpoint URL   address of the provider's API, with https://
  --out DIR        new folder for the site
  --site DIR       the built page (default: dist; npm run build makes it)
  --json           print one line of JSON when done, instead of words

Beside the page there are _headers (Netlify, Cloudflare Pages) and nginx.conf, which set the headers that keep the
worker off the network. Where a host can set none, the page's service worker sets them after one reload.
`

export const siteCommand: Command = {
  name: NAME,
  summary: 'write the page as plain files for any file host',
  help: HELP,
  run: writeSite,
}

async function writeSite(args: readonly string[]): Promise<number> {
  const { endpoint, out, site, json } = readArguments(args)
  await requireFree({ command: NAME, out, own: [], force: false })
  await requireBuilt(site)
  await cp(site, out, { recursive: true })
  const config: SiteConfig = { endpoint }
  await writeFileAtomically(join(out, 'config.json'), `${JSON.stringify(config)}\n`)
  const places = await placesOf(site)
  await writeFileAtomically(join(out, '_headers'), headersFile(places, endpoint))
  await writeFileAtomically(join(out, 'nginx.conf'), nginxSnippet(endpoint))
  process.stdout.write(
    json ? `${JSON.stringify({ out, endpoint })}\n` : `The site is in ${out}; it talks to ${endpoint}.\n`,
  )
  return 0
}

function readArguments(args: readonly string[]) {
  const text = { type: 'string' } as const
  const { values } = parseOptions(NAME, () =>
    parseArgs({ args: [...args], options: { endpoint: text, out: text, site: text, json: { type: 'boolean' } } }),
  )
  return {
    endpoint: readEndpoint(requireOption(NAME, 'endpoint', values.endpoint)),
    out: resolve(requireOption(NAME, 'out', values.out)),
    site: resolve(values.site ?? BUILT),
    json: values.json === true,
  }
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

/** A page on https cannot talk to plain http, and prompts do not travel in the clear; a trial on one machine may. */
function readEndpoint(typed: string): string {
  const url = URL.parse(typed)
  if (url === null || url.search !== '' || url.hash !== '' || url.username !== '') {
    throw usageError(NAME, `--endpoint ${typed} is not an address such as https://softpost.example.org`)
  }
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && LOOPBACK.has(url.hostname))) {
    throw usageError(NAME, '--endpoint needs https://')
  }
  return url.href.replace(/\/$/, '')
}

async function requireBuilt(site: string): Promise<void> {
  try {
    await stat(join(site, 'sw.js'))
  } catch (error) {
    if (!isMissing(error)) throw error
    throw usageError(NAME, `${site} holds no built page; run npm run build first`, error)
  }
}

/** Rules that do not overlap: hosts differ in how they join the headers of several. */
async function placesOf(site: string): Promise<readonly string[]> {
  const entries = await readdir(site, { withFileTypes: true })
  return ['/', ...entries.map((entry) => (entry.isDirectory() ? `/${entry.name}/*` : `/${entry.name}`)), '/config.json']
}

export function headersFile(places: readonly string[], endpoint: string): string {
  return places
    .map((place) => {
      const lines = Object.entries(siteHeaders(place, endpoint)).map(([name, value]) => `  ${name}: ${value}`)
      return `${[place, ...lines].join('\n')}\n`
    })
    .join('\n')
}

/** Per location, since what else the server answers may hold secrets (BREACH); text/html is always among the types. */
const COMPRESSION = [
  '    gzip on;',
  '    gzip_vary on;',
  '    gzip_types text/css text/javascript application/javascript application/json application/wasm image/svg+xml;',
] as const

export function nginxSnippet(endpoint: string): string {
  const block = (place: string) => {
    const lines = Object.entries(siteHeaders(place, endpoint)).map(
      ([name, value]) => `    add_header ${name} "${value}" always;`,
    )
    return `location ${place} {\n${[...lines, ...COMPRESSION].join('\n')}\n}\n`
  }
  return `# To be included in the server block whose root is this folder.\n${block('/')}\n${block('/workers/')}`
}
