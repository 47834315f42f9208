/** The test suites: what each needs from the machine, and its runner. */
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { ensureChromium } from './chromium.mjs'
import { ensureFirefox } from './firefox.mjs'
import { WORK_DIR } from './paths.mjs'
import { ensurePostgres } from './postgres.mjs'
import { run } from './process.mjs'
import { countPlaywright, countVitest, settle, SKIPPED_SUITE } from './results.mjs'
import { say } from './say.mjs'
import { ensureSite } from './site.mjs'
import { tool } from './tool.mjs'
import { ensureVulkan } from './vulkan.mjs'

const REPORTS = join(WORK_DIR, 'reports')

/**
 * What a suite needs beyond the packages. Each resolves to null, or to the reason why it is not to be had; the tests
 * that depend on it then skip themselves.
 * @type {Readonly<Record<string, () => Promise<string | null>>>}
 */
const NEEDS = { gpu: ensureVulkan, server: ensurePostgres }

/** `npm run test:unit` and its kin. @param {readonly string[]} args */
export async function vitest(args) {
  for (const [project, ensure] of Object.entries(NEEDS)) {
    if (args.includes(project)) announce(await ensure())
  }
  return await run([...tool('vitest'), 'run', ...args])
}

/** @param {string} project @returns {Promise<import('./results.mjs').Counts>} */
export async function runVitestSuite(project) {
  const missing = (await NEEDS[project]?.()) ?? null
  announce(missing)
  const file = reportFile(project)
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const exitCode = await run([...tool('vitest'), 'run', '--project', project, ...reporters], {
    output: 'stderr',
    withInput: false,
  })
  const counts = settle(readReport(file, countVitest), { exitCode, mayRunNothing: missing !== null })
  // Left out as a whole, they are in no report.
  return missing === null || counts.skipped > 0 ? counts : { ...counts, skipped: SKIPPED_SUITE.skipped }
}

/** `npm run test:e2e`. @param {readonly string[]} args */
export async function e2e(args) {
  const missing = await ensureChromium()
  announce(missing)
  if (missing !== null) return 1
  if (isLong()) announce(await ensureFirefox())
  await ensureSite()
  return await run([...tool('@playwright/test', 'playwright'), 'test', ...args])
}

/** @returns {Promise<import('./results.mjs').Counts>} */
export async function runE2eSuite() {
  const missing = await ensureChromium()
  announce(missing)
  if (missing !== null) return SKIPPED_SUITE
  if (isLong()) announce(await ensureFirefox())
  await ensureSite()
  const file = reportFile('e2e')
  const exitCode = await run([...tool('@playwright/test', 'playwright'), 'test', '--reporter=list,json'], {
    env: { PLAYWRIGHT_JSON_OUTPUT_FILE: file },
    output: 'stderr',
    withInput: false,
  })
  return settle(readReport(file, countPlaywright), { exitCode, mayRunNothing: false })
}

function isLong() {
  return process.env['LONG'] !== undefined
}

/** @param {string | null} missing */
function announce(missing) {
  if (missing !== null) say(missing)
}

/** A fresh place: an old report must not speak for a run that wrote none. @param {string} suite */
function reportFile(suite) {
  mkdirSync(REPORTS, { recursive: true })
  const file = join(REPORTS, `${suite}.json`)
  rmSync(file, { force: true })
  return file
}

/**
 * @template T
 * @param {string} file
 * @param {(report: T) => import('./results.mjs').Counts} count
 */
function readReport(file, count) {
  let text
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    say('the test runner wrote no report; see above')
    return null
  }
  return count(JSON.parse(text))
}
