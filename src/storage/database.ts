/** What the page itself keeps in this browser: preferences, and which prompts were sent. Runs and rows are the worker's. */
import { openDB, type IDBPDatabase } from 'idb'
import { SoftpostError } from '../../workers/protocol/errors.ts'
import type { AppSchema } from './schema.ts'

const NAME = 'softpost-app'
/** 1: preferences, transfers. A new version adds its step to `upgrade` and a fixture of the old one to the tests. */
const VERSION = 1

let opened: Promise<IDBPDatabase<AppSchema>> | null = null

function open(): Promise<IDBPDatabase<AppSchema>> {
  opened ??= openDB<AppSchema>(NAME, VERSION, {
    upgrade(database, oldVersion) {
      if (oldVersion < 1) {
        database.createObjectStore('preferences')
        database.createObjectStore('transfers', { keyPath: 'jobId' }).createIndex('runId', 'runId')
      }
    },
    // A newer version in another tab wants to upgrade: make way, and open again when next needed.
    blocking(_current, _blocked, event) {
      opened = null
      if (event.target instanceof IDBDatabase) event.target.close()
    },
    terminated() {
      opened = null
    },
  })
  return opened
}

/**
 * Runs `work` on the database.
 * @throws SoftpostError `storage` where the browser keeps nothing (a private window, a full disk).
 */
export async function withDatabase<T>(work: (database: IDBPDatabase<AppSchema>) => Promise<T>): Promise<T> {
  try {
    return await work(await open())
  } catch (error) {
    opened = null
    throw new SoftpostError(
      'storage',
      'this browser did not keep the entry; free some space or leave the private window',
      {
        cause: error,
      },
    )
  }
}
