/** PostgreSQL's server programs, for the tests of the queue. */
import { readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { canInstall, install, installCommand, isExecutable } from './apt.mjs'

/** Debian keeps them off PATH. */
const PACKAGED = '/usr/lib/postgresql'

/** The folder with initdb and postgres, or null. */
export function findPostgres() {
  const packaged = listFolder(PACKAGED).map((version) => join(PACKAGED, version, 'bin'))
  const folders = [...packaged, ...(process.env['PATH'] ?? '').split(delimiter)]
  return folders.find((folder) => ['initdb', 'postgres'].every((name) => isExecutable(join(folder, name)))) ?? null
}

/** Null once it is there, else why not and what to type. @returns {Promise<string | null>} */
export async function ensurePostgres() {
  if (findPostgres() !== null) return null
  if (canInstall() && (await install(['postgresql'])) && findPostgres() !== null) return null
  return `no PostgreSQL, so its tests are skipped; to have it: ${installCommand(['postgresql'])}`
}

/** @param {string} path */
function listFolder(path) {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
