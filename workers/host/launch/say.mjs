/** What a script is doing, on standard error. */
import process from 'node:process'

/** @param {string} text */
export function say(text) {
  process.stderr.write(`softpost: ${text}\n`)
}

/** @param {number} milliseconds */
export function inSeconds(milliseconds) {
  return `${(milliseconds / 1000).toFixed(1)} s`
}
