/** Opens `softpost-work` and says in our words what can go wrong with a browser's storage. */
import { openDB, type IDBPDatabase } from 'idb'
import { SoftpostError } from '../../protocol/errors.ts'
import { WORK_VERSION, type WorkSchema } from './schema.ts'

const WORK_DATABASE = 'softpost-work'

export type WorkDatabase = IDBPDatabase<WorkSchema>

/**
 * @param onClosed told when the browser or a newer version of this page takes the connection away.
 * @throws SoftpostError `storage`.
 */
export async function openWorkDatabase(onClosed: () => void): Promise<WorkDatabase> {
  const blocked = Promise.withResolvers<never>()
  const opening = openDB<WorkSchema>(WORK_DATABASE, WORK_VERSION, {
    upgrade(database, oldVersion) {
      if (oldVersion < 1) {
        database.createObjectStore('runs', { keyPath: 'runId' })
        database.createObjectStore('rows')
        database.createObjectStore('states')
      }
      if (oldVersion < 2) {
        for (const name of ['ledger', 'ledgerFacts', 'units', 'counters'] as const) database.createObjectStore(name)
      }
      if (oldVersion < 3) database.createObjectStore('waiting')
    },
    blocked() {
      blocked.reject(
        new SoftpostError('storage', 'another tab holds saved runs of an older version open; close it and try again'),
      )
    },
    blocking(_current, _wanted, event) {
      // A newer version waits for this connection.
      if (event.target instanceof IDBDatabase) event.target.close()
      onClosed()
    },
    terminated: onClosed,
  })
  return await stored(() => Promise.race([opening, blocked.promise]))
}

/** Runs `act`; what the browser's storage throws becomes a `storage` error. */
export async function stored<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    throw toStorageError(error)
  }
}

const REMEDIES: Readonly<Record<string, string>> = {
  QuotaExceededError: 'the browser has no room left for saved runs; delete old runs or free disk space',
  VersionError: 'saved runs belong to a newer version of this page; reload it',
  InvalidStateError: 'the connection to saved runs was closed; try again',
  AbortError: 'a change to the saved runs was cut off and not made; try again',
}

function toStorageError(error: unknown): unknown {
  if (error instanceof SoftpostError || !(error instanceof Error)) return error
  const remedy = Object.hasOwn(REMEDIES, error.name) ? REMEDIES[error.name] : undefined
  if (remedy === undefined && !(error instanceof DOMException)) return error
  return new SoftpostError(
    'storage',
    remedy ?? `this browser does not let the page keep runs (${error.name}); private windows often do not`,
    { cause: error },
  )
}
