/** Child processes that share our terminal. */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import process from 'node:process'
import { LaunchError } from './error.mjs'
import { ROOT } from './paths.mjs'

const PASSED_ON = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])

/** Set once a signal told us to stop; whoever runs several children then starts no further one. */
let stopped = false
export const isStopped = () => stopped

/**
 * @typedef {object} RunOptions
 * @property {Record<string, string | undefined>} [env] added to the environment
 * @property {'ours' | 'stderr' | 'none'} [output] where the child's standard output goes (default: ours)
 * @property {boolean} [withInput] whether it reads our standard input (default: yes)
 * @property {number} [timeoutMs]
 */

/**
 * Runs a program to its end and resolves to its exit code; signals that reach us reach it.
 * @param {readonly string[]} commandLine
 * @param {RunOptions} [options]
 * @returns {Promise<number>}
 */
export async function run([command = '', ...args], { env, output = 'ours', withInput = true, timeoutMs } = {}) {
  const stdout = { ours: 1, stderr: 2, none: /** @type {const} */ ('ignore') }[output]
  const stderr = output === 'none' ? 'ignore' : 2
  const child = spawn(command, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: [withInput ? 0 : 'ignore', stdout, stderr],
    ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
  })
  /** @param {NodeJS.Signals} signal */
  const passOn = (signal) => {
    stopped = true
    child.kill(signal)
  }
  for (const signal of PASSED_ON) process.on(signal, passOn)
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', (error) => {
        reject(new LaunchError(`${command} did not start: ${error.message}`, { cause: error }))
      })
      child.once('close', (code, signal) => {
        resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]))
      })
    })
  } finally {
    for (const signal of PASSED_ON) process.off(signal, passOn)
  }
}

const PARENT_POLL_MS = 500

/**
 * Stops this process when npm is gone. npm runs a script through a shell, and told to stop it tells the shell alone,
 * which dies and leaves us running without anybody.
 */
export function stopWithNpm() {
  if (process.env['npm_lifecycle_event'] === undefined || process.platform === 'win32') return
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    process.kill(process.pid, 'SIGTERM')
  }, PARENT_POLL_MS)
  timer.unref()
}
