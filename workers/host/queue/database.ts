/** Opens the queue's database: PostgreSQL where a URL is given, the embedded one otherwise. */
import { PGlite } from '@electric-sql/pglite'
import { readdir, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { PgBoss, fromPglite, type ConstructorOptions } from 'pg-boss'
import { SoftpostError } from '../../protocol/errors.ts'
import { isMissing } from '../store/atomic.ts'
import { lockFolder, type FolderLock } from './lock.ts'
import { firstLine, type Log } from './log.ts'

/** All that a host keeps in the database stands in this schema. */
export const SCHEMA = 'softpost'

/** A database that says nothing for so long on opening is taken as broken (a first start takes about 7 s, and 45 on a busy machine). */
const OPEN_MS = 180_000

/** Runs one statement with its parameters ($1, $2, ...) and gives its rows. */
export type Sql = (text: string, values: readonly unknown[]) => Promise<readonly unknown[]>

export type QueueDatabase = {
  readonly boss: PgBoss
  readonly kind: 'pglite' | 'postgres'
  readonly sql: Sql
  close(): Promise<void>
}

export type DatabaseOptions = {
  readonly dataDir: string
  readonly databaseUrl: string | null
  readonly log: Log
}

const COMMON: ConstructorOptions = {
  schema: SCHEMA,
  schedule: false,
  superviseIntervalSeconds: 15,
  monitorIntervalSeconds: 15,
  registerInstance: false,
  openTelemetry: { enabled: false },
}

export async function openDatabase(options: DatabaseOptions): Promise<QueueDatabase> {
  return options.databaseUrl === null
    ? await openEmbedded(options.dataDir, options.log)
    : await openServer(options.databaseUrl, options.log)
}

async function openServer(connectionString: string, log: Log): Promise<QueueDatabase> {
  const boss = new PgBoss({ ...COMMON, connectionString, application_name: 'softpost', max: 4 })
  reportErrors(boss, log)
  try {
    await boss.start()
  } catch (error) {
    await boss.stop({ graceful: false, close: true })
    throw new SoftpostError('storage', `the database does not answer: ${firstLine(error)}; check DATABASE_URL`, {
      cause: error,
    })
  }
  return {
    boss,
    kind: 'postgres',
    sql: sqlOf(boss),
    close: () => boss.stop({ graceful: true, close: true, timeout: 10_000 }),
  }
}

/**
 * The embedded database in `<dataDir>/queue`. One that does not open is moved aside with one clear line: nothing of
 * value is lost, since every request is a file and the queue is filled again from the files.
 */
async function openEmbedded(dataDir: string, log: Log): Promise<QueueDatabase> {
  const lock = await lockFolder(dataDir)
  const folder = join(dataDir, 'queue')
  log('warn', 'the queue is the embedded database: for one machine and one host; for more set DATABASE_URL')
  try {
    await requireWhole(folder)
    return await tryEmbedded(folder, lock, log)
  } catch (error) {
    try {
      const aside = `${folder}.broken-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`
      await rename(folder, aside)
      log('warn', `the queue's database does not open (${firstLine(error)}); moved to ${aside} and built anew`)
      return await tryEmbedded(folder, lock, log)
    } catch (second) {
      await lock.release()
      throw new SoftpostError('storage', `the queue's database in ${folder} cannot be made: ${firstLine(second)}`, {
        cause: second,
      })
    }
  }
}

/** What a database has once its first start got far enough to be one. */
const MARKS = ['PG_VERSION', 'global/pg_control'] as const

/**
 * A folder with something in it must be a database: PGlite takes one that lost its marks (a first start that was
 * killed) for a new one, makes half of it anew and opens what nobody can trust.
 */
async function requireWhole(folder: string): Promise<void> {
  if (await isEmpty(folder)) return
  for (const name of MARKS) {
    const found = await stat(join(folder, name)).catch((error: unknown) => {
      if (isMissing(error)) return null
      throw error
    })
    if (found === null || found.size === 0) throw new Error(`${name} is missing or empty`)
  }
}

async function isEmpty(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).length === 0
  } catch (error) {
    if (isMissing(error)) return true
    throw error
  }
}

async function tryEmbedded(folder: string, lock: FolderLock, log: Log): Promise<QueueDatabase> {
  const database = await withinTime(PGlite.create({ dataDir: folder }))
  const boss = new PgBoss({ ...COMMON, backend: 'pglite', db: fromPglite(database) })
  reportErrors(boss, log)
  try {
    await withinTime(boss.start())
  } catch (error) {
    await Promise.allSettled([boss.stop({ graceful: false, close: false }), database.close()])
    throw error
  }
  return {
    boss,
    kind: 'pglite',
    sql: sqlOf(boss),
    close: async () => {
      await boss.stop({ graceful: true, close: false, timeout: 10_000 })
      await database.close()
      await lock.release()
    },
  }
}

/** Over the connections of the queue. */
function sqlOf(boss: PgBoss): Sql {
  return async (text, values) => (await boss.getDb().executeSql(text, [...values])).rows
}

function reportErrors(boss: PgBoss, log: Log): void {
  boss.on('error', (error) => log('error', `queue: ${firstLine(error)}`))
}

async function withinTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${OPEN_MS / 1000} s`)), OPEN_MS)
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
  }
}
