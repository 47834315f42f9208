/** One process at a time: two that install or build at once would tread on each other's files. */
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout } from 'node:timers/promises'
import { WORK_DIR } from './paths.mjs'
import { say } from './say.mjs'

const POLL_MS = 500

/**
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(name, work) {
  mkdirSync(WORK_DIR, { recursive: true })
  const file = join(WORK_DIR, `${name}.lock`)
  let waited = false
  while (!tryTake(file)) {
    if (!waited) say(`waiting for another process (${name})`)
    waited = true
    await setTimeout(POLL_MS)
  }
  try {
    return await work()
  } finally {
    rmSync(file, { force: true })
  }
}

/** @param {string} file */
function tryTake(file) {
  // A link appears whole: nobody reads a lock whose owner is not in it yet.
  const own = `${file}.${process.pid}`
  writeFileSync(own, String(process.pid))
  try {
    linkSync(own, file)
    return true
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  } finally {
    rmSync(own, { force: true })
  }
  // Left by a process that was killed. Should two find it so at once, the second deletes the first one's lock: rare
  // enough, and the work is safe to do twice.
  if (!isAlive(Number(readOrEmpty(file)))) rmSync(file, { force: true })
  return false
}

/** @param {string} file */
function readOrEmpty(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    // Released since we looked.
    return ''
  }
}

/** @param {number} pid */
function isAlive(pid) {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
