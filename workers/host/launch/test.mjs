/** `npm test`: everything that CI runs, in order, to the end whatever fails. */
import process from 'node:process'
import { runChecks } from './check.mjs'
import { LaunchError } from './error.mjs'
import { isStopped } from './process.mjs'
import { describeAll, describeSuite, sum } from './results.mjs'
import { inSeconds, say } from './say.mjs'
import { buildSite } from './site.mjs'
import { runE2eSuite, runVitestSuite } from './suites.mjs'

/** @type {readonly { name: string, run: () => Promise<import('./results.mjs').Counts> }[]} */
const SUITES = [
  { name: 'check', run: runChecks },
  ...['unit', 'gpu', 'worker', 'server'].map((name) => ({ name, run: () => runVitestSuite(name) })),
  { name: 'build', run: buildOnce },
  { name: 'e2e', run: runE2eSuite },
]

async function buildOnce() {
  const failed = (await buildSite([], 'stderr')) === 0 ? 0 : 1
  return { passed: 1 - failed, failed, skipped: 0 }
}

/** @param {readonly string[]} args */
export async function test(args) {
  const unknown = args.find((arg) => arg !== '--long')
  if (unknown !== undefined)
    throw new LaunchError(`test takes --long alone, not ${unknown}; one suite: npm run test:unit`)
  if (args.includes('--long')) process.env['LONG'] = '1'
  const lines = []
  const all = []
  for (const { name, run } of SUITES) {
    say(`suite ${name}`)
    const began = performance.now()
    const counts = await runOrFail(run)
    if (isStopped()) throw new LaunchError(`stopped in suite ${name}`)
    all.push(counts)
    lines.push(`${name.padEnd(8)}${describeSuite(counts)} (${inSeconds(performance.now() - began)})`)
    say(lines.at(-1) ?? '')
    // Again at the end: thousands of lines lie between a failure and it.
    for (const failure of counts.failures ?? []) lines.push(`        FAILED ${failure}`)
  }
  const total = sum(all)
  process.stdout.write(`\n${lines.join('\n')}\n${describeAll(total)}\n`)
  return total.failed === 0 ? 0 : 1
}

/**
 * A suite that could not even start has failed; the others still run.
 * @param {() => Promise<import('./results.mjs').Counts>} run
 */
async function runOrFail(run) {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof LaunchError)) throw error
    say(error.message)
    return { passed: 0, failed: 1, skipped: 0, failures: [error.message] }
  }
}
