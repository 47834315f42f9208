/** Small settings of this browser. */
import { withDatabase } from './database.ts'
import type { Preferences } from './schema.ts'

export async function readPreference<K extends keyof Preferences>(name: K): Promise<Preferences[K] | undefined> {
  return await withDatabase((database) => database.get('preferences', name))
}

export async function writePreference<K extends keyof Preferences>(name: K, value: Preferences[K]): Promise<void> {
  await withDatabase((database) => database.put('preferences', value, name))
}
