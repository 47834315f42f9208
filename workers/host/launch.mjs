/**
 * Where every npm script begins: Node's built-ins alone until the packages are there, and not a byte on standard
 * output of its own, so that `npm run -s softpost -- tune --json` prints what the command prints.
 */
import process from 'node:process'
import { LaunchError } from './launch/error.mjs'
import { ensureInstalled } from './launch/install.mjs'
import { checkNode, chooseNode, searchInstalledFirst } from './launch/node.mjs'
import { run, stopWithNpm } from './launch/process.mjs'

/**
 * The scripts that need the installed packages, each loaded once they are there.
 * @type {Readonly<Record<string, (args: string[]) => Promise<number>>>}
 */
const SCRIPTS = {
  start: async (args) => (await import('./launch/start.mjs')).start(args),
  softpost: async (args) => (await import('./launch/softpost.mjs')).softpost(args),
  build: async (args) => (await import('./launch/site.mjs')).buildSite(args),
  check: async () => (await import('./launch/check.mjs')).check(),
  format: async (args) => (await import('./launch/check.mjs')).format(args),
  bench: async (args) => (await import('./launch/bench.mjs')).bench(args),
  vitest: async (args) => (await import('./launch/suites.mjs')).vitest(args),
  e2e: async (args) => (await import('./launch/suites.mjs')).e2e(args),
  test: async (args) => (await import('./launch/test.mjs')).test(args),
}

/** @param {string[]} argv */
async function launch([script = '', ...args]) {
  checkNode()
  const start = SCRIPTS[script]
  if (start === undefined) {
    throw new LaunchError(`there is no script "${script}"; there are ${Object.keys(SCRIPTS).join(', ')}`)
  }
  stopWithNpm()
  await ensureInstalled()
  searchInstalledFirst()
  const node = chooseNode()
  if (node === process.execPath) return await start(args)
  return await run([node, ...process.argv.slice(1)])
}

try {
  process.exitCode = await launch(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof LaunchError)) throw error
  process.stderr.write(`softpost: ${error.message}\n`)
  process.exitCode = 1
}
