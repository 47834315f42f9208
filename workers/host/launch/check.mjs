/** Everything that can be said about the code without running it. */
import { isStopped, run } from './process.mjs'
import { inSeconds, say } from './say.mjs'
import { tool } from './tool.mjs'

/** @type {readonly { name: string, commandLine: () => string[] }[]} */
const CHECKS = [
  ...['app', 'worker', 'node'].map((part) => ({
    name: `types (${part})`,
    commandLine: () => [...tool('typescript', 'tsc'), '-p', `tsconfig.${part}.json`],
  })),
  { name: 'lint', commandLine: () => [...tool('oxlint'), '--type-aware', '--deny-warnings'] },
  { name: 'format', commandLine: () => [...tool('oxfmt'), '--check'] },
  { name: 'dead code', commandLine: () => [...tool('knip'), '--no-progress'] },
]

/** Runs all of them, whatever fails. @returns {Promise<import('./results.mjs').Counts>} */
export async function runChecks() {
  let passed = 0
  /** @type {string[]} */
  const failures = []
  for (const { name, commandLine } of CHECKS) {
    if (isStopped()) break
    const began = performance.now()
    const code = await run(commandLine(), { output: 'stderr', withInput: false })
    if (code === 0) passed++
    else failures.push(name)
    say(`${name}: ${code === 0 ? 'passed' : 'FAILED'} (${inSeconds(performance.now() - began)})`)
  }
  return { passed, failed: failures.length, skipped: 0, failures }
}

/** `npm run check`. */
export async function check() {
  const { failed } = await runChecks()
  return failed === 0 ? 0 : 1
}

/** `npm run format`. @param {readonly string[]} args */
export async function format(args) {
  return await run([...tool('oxfmt'), ...args])
}
