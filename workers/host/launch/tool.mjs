/** The command line of a tool among the packages, without a shell and whatever the platform. */
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { LaunchError } from './error.mjs'
import { inRoot } from './paths.mjs'

/** @param {string} packageName @param {string} [name] of the program, where it is not the package's */
export function tool(packageName, name = packageName) {
  const folder = inRoot('node_modules', ...packageName.split('/'))
  /** @type {{ bin?: string | Record<string, string> }} */
  const { bin } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'))
  const file = typeof bin === 'string' ? bin : bin?.[name]
  if (file === undefined) throw new LaunchError(`${packageName} has no program ${name}; run npm ci`)
  return [process.execPath, `${folder}/${file}`]
}
