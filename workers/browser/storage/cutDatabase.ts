/** Measured cuts of this device's GPUs, in a database of their own: nothing of any run or file is in it. */
import { openDB, type DBSchema } from 'idb'
import type { CutStore, KeptCuts } from '../../runtime/kernels/linear/wgsl/keptCuts.ts'

const NAME = 'softpost-device'
const VERSION = 1

interface DeviceSchema extends DBSchema {
  /** By device. */
  cuts: { key: string; value: KeptCuts }
}

export const cutDatabase: CutStore = {
  read: async (device) => await inDatabase(async (database) => await database.get('cuts', device)),
  write: async (device, cuts) => {
    await inDatabase(async (database) => await database.put('cuts', cuts, device))
  },
}

/** Undefined in a browser that keeps nothing: each visit then measures. */
async function inDatabase<T>(act: (database: Awaited<ReturnType<typeof open>>) => Promise<T>): Promise<T | undefined> {
  try {
    const database = await open()
    try {
      return await act(database)
    } finally {
      database.close()
    }
  } catch {
    return undefined
  }
}

async function open() {
  return await openDB<DeviceSchema>(NAME, VERSION, {
    upgrade(database) {
      database.createObjectStore('cuts')
    },
  })
}
