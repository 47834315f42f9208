/** `softpost keys`: who may use the host. The token is shown once; the file holds its hash. */
import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { SoftpostError } from '../../protocol/errors.ts'
import { takeLock } from '../queue/lock.ts'
import { readKeys, SCOPES, Tenant, type KeyEntry, type Quota, type Scope } from '../server/keys.ts'
import { writeFileAtomically } from '../store/atomic.ts'
import type { Command } from './command.ts'
import { definedOnly, parseOptions, readChoice, readNumber, requireOption, usageError } from './options.ts'

const NAME = 'keys'

/** Characters of a key's hash that name it. */
const ID_LENGTH = 12

const MAX_DAYS = 36_500

/** How long to wait for another `softpost keys` on the same file. */
const WAIT_MS = 10_000

const HELP = `Usage: softpost keys create --keys FILE --tenant NAME [options]
       softpost keys list   --keys FILE [--json]
       softpost keys revoke --keys FILE ID

Keeps the file that serve --keys reads. It holds hashes: a key is shown once, when it is created.
A running host knows of a change within a second.

  --keys FILE                 the file; create makes it where there is none
  --tenant NAME               whose key it is; a tenant sees its own transfers alone and may have several keys
  --scope NAME                transfer, classify or metrics; may be given several times (default transfer and classify)
  --days N                    days until it expires (default: never)
  --requests-per-minute N     quotas of the tenant (default: none)
  --bytes-per-day N
  --compute-seconds-per-day N
  --url URL                   address of the host: prints an invitation, a link that carries the key
  --json                      the last line of standard output is one JSON object
`

export const keysCommand: Command = {
  name: NAME,
  summary: 'create, list and revoke the keys of a host',
  help: HELP,
  run: keys,
}

const text = { type: 'string' } as const
const OPTIONS = {
  keys: text,
  tenant: text,
  scope: { type: 'string', multiple: true },
  days: text,
  'requests-per-minute': text,
  'bytes-per-day': text,
  'compute-seconds-per-day': text,
  url: text,
  json: { type: 'boolean' },
} as const

async function keys(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseOptions(NAME, () =>
    parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true }),
  )
  const [action, id, ...more] = positionals
  const path = resolve(requireOption(NAME, 'keys', values.keys))
  const json = values.json === true
  if (more.length > 0 || (id !== undefined && action !== 'revoke')) throw usageError(NAME, 'there are too many words')
  if (action === 'create') return await create(path, values, json)
  if (action === 'list') return list(path, json)
  if (action === 'revoke') return await revoke(path, id, json)
  throw usageError(NAME, 'say create, list or revoke')
}

type CreateValues = {
  readonly tenant?: string | undefined
  readonly scope?: readonly string[] | undefined
  readonly days?: string | undefined
  readonly 'requests-per-minute'?: string | undefined
  readonly 'bytes-per-day'?: string | undefined
  readonly 'compute-seconds-per-day'?: string | undefined
  readonly url?: string | undefined
}

async function create(path: string, values: CreateValues, json: boolean): Promise<number> {
  const tenant = requireOption(NAME, 'tenant', values.tenant)
  if (!Tenant.safeParse(tenant).success) {
    throw usageError(NAME, `--tenant ${tenant} is not a name of up to 64 letters, digits, ".", "_" and "-"`)
  }
  const url = values.url === undefined ? null : readUrl(values.url)
  const token = `sp_${randomBytes(32).toString('base64url')}`
  const quota = readQuota(values)
  const days = readPositive('days', values.days)
  if (days !== undefined && days > MAX_DAYS) throw usageError(NAME, `--days ${days} is above ${MAX_DAYS}`)
  const entry: KeyEntry = {
    tenant,
    sha256: createHash('sha256').update(token).digest('hex'),
    scopes: readScopes(values.scope),
    ...(days === undefined ? {} : { expiresAt: new Date(Date.now() + days * 86_400_000).toISOString() }),
    ...(Object.keys(quota).length === 0 ? {} : { quota }),
  }
  await change(path, (standing) => [...standing, entry])
  const invitation = url === null ? null : `${url}/#key=${token}`
  const { id, scopes } = shown(entry)
  process.stdout.write(
    json
      ? `${JSON.stringify({ id, tenant, scopes, key: token, invitation })}\n`
      : `${token}\n${invitation === null ? '' : `${invitation}\n`}`,
  )
  process.stderr.write(`${NAME}: key ${id} for ${tenant} (${scopes.join(', ')}); it is not shown again\n`)
  return 0
}

function list(path: string, json: boolean): number {
  const entries = readKeys(path).map(shown)
  if (json) {
    process.stdout.write(`${JSON.stringify({ keys: entries })}\n`)
    return 0
  }
  for (const { id, tenant, scopes, expiresAt, quota } of entries) {
    const limits = Object.entries(quota).map(([name, value]) => `${name} ${value}`)
    const until = expiresAt === null ? 'does not expire' : `until ${expiresAt}`
    process.stdout.write(`${id}  ${tenant}  ${scopes.join(',')}  ${[until, ...limits].join(', ')}\n`)
  }
  return 0
}

async function revoke(path: string, id: string | undefined, json: boolean): Promise<number> {
  if (id === undefined) throw usageError(NAME, 'say which key: the id that softpost keys list shows')
  // Without it a mistyped name would make a new, empty file.
  readKeys(path)
  await change(path, (standing) => {
    const found = standing.filter((entry) => shown(entry).id === id)
    if (found.length === 0) throw new SoftpostError('not-found', `there is no key ${id} in ${path}`)
    return standing.filter((entry) => shown(entry).id !== id)
  })
  process.stdout.write(json ? `${JSON.stringify({ revoked: id })}\n` : `${id} is revoked\n`)
  return 0
}

/** Reads, changes and writes the file under a lock, so that two commands at once lose nothing. */
async function change(path: string, by: (standing: readonly KeyEntry[]) => readonly KeyEntry[]): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const lock = takeLock(`${path}.lock`, WAIT_MS)
  try {
    const standing = existsSync(path) ? readKeys(path) : []
    await writeFileAtomically(path, `${JSON.stringify(by(standing), null, 2)}\n`)
  } finally {
    lock.close()
  }
}

type ShownKey = {
  readonly id: string
  readonly tenant: string
  readonly scopes: readonly Scope[]
  readonly expiresAt: string | null
  readonly quota: Quota
}

function shown({ sha256, tenant, scopes, expiresAt, quota }: KeyEntry): ShownKey {
  return { id: sha256.slice(0, ID_LENGTH), tenant, scopes, expiresAt: expiresAt ?? null, quota: quota ?? {} }
}

function readScopes(typed: readonly string[] | undefined): Scope[] {
  if (typed === undefined) return ['transfer', 'classify']
  const scopes = new Set(typed.map((name) => readChoice(NAME, 'scope', { typed: name, choices: SCOPES })))
  return SCOPES.filter((scope) => scopes.has(scope))
}

function readQuota(values: CreateValues): Quota {
  return definedOnly({
    requestsPerMinute: readWhole('requests-per-minute', values['requests-per-minute']),
    bytesPerDay: readWhole('bytes-per-day', values['bytes-per-day']),
    computeSecondsPerDay: readPositive('compute-seconds-per-day', values['compute-seconds-per-day']),
  })
}

function readPositive(option: string, typed: string | undefined): number | undefined {
  const value = readNumber(NAME, option, typed)
  if (value === undefined || value > 0) return value
  throw usageError(NAME, `--${option} ${typed} is not above zero`)
}

function readWhole(option: string, typed: string | undefined): number | undefined {
  const value = readPositive(option, typed)
  if (value === undefined || Number.isSafeInteger(value)) return value
  throw usageError(NAME, `--${option} ${typed} is not a whole number`)
}

function readUrl(typed: string): string {
  if (URL.canParse(typed) && /^https?:$/.test(new URL(typed).protocol)) return typed.replace(/\/+$/, '')
  throw usageError(NAME, `--url ${typed} is not an address such as https://host.example`)
}
