/** What the test runners report, as numbers that add up and as the names of what failed. */
import { stripVTControlCharacters } from 'node:util'

/**
 * `failures`: what is known about those that failed, a line each.
 * @typedef {{ passed: number, failed: number, skipped: number, failures?: readonly string[] }} Counts
 */

/** @type {Counts} */
export const SKIPPED_SUITE = { passed: 0, failed: 0, skipped: 1 }

/** @param {readonly Counts[]} all @returns {Counts} */
export function sum(all) {
  const total = { passed: 0, failed: 0, skipped: 0 }
  for (const { passed, failed, skipped } of all) {
    total.passed += passed
    total.failed += failed
    total.skipped += skipped
  }
  return total
}

/**
 * vitest's JSON report. A file that did not even load has no tests in it and counts as one failure.
 * @typedef {{ fullName: string, status: string, failureMessages?: readonly string[] | null }} VitestTest
 * @typedef {{ name: string, status: string, message?: string, assertionResults: readonly VitestTest[] }} VitestFile
 * @param {{ testResults: readonly VitestFile[] }} report
 * @returns {Counts}
 */
export function countVitest({ testResults }) {
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults)
  const passed = tests.filter(({ status }) => status === 'passed').length
  const failed = tests.filter(({ status }) => status === 'failed').length
  const failures = testResults.flatMap(failuresOfFile)
  return { passed, failed: failures.length, skipped: tests.length - passed - failed, failures }
}

/** @param {VitestFile} file */
function failuresOfFile({ name, status, message, assertionResults }) {
  const failures = assertionResults
    .filter((test) => test.status === 'failed')
    .map(({ fullName, failureMessages }) => describeFailure(name, fullName, failureMessages?.[0]))
  return failures.length === 0 && status === 'failed' ? [describeFailure(name, 'the file itself', message)] : failures
}

/**
 * Playwright's JSON report, whose describe blocks are suites in suites. A test that passed at its second attempt has
 * failed: flaky is broken.
 * @typedef {{ status: string, results: readonly { error?: { message?: string } }[] }} PlaywrightTest
 * @typedef {{ title: string, tests: readonly PlaywrightTest[] }} Spec
 * @typedef {{ file?: string, specs?: readonly Spec[], suites?: readonly PlaywrightSuite[] }} PlaywrightSuite
 * @param {{ stats: { expected: number, skipped: number }, suites: readonly PlaywrightSuite[] }} report
 * @returns {Counts}
 */
export function countPlaywright({ stats, suites }) {
  const failures = suites.flatMap(failuresOfSuite)
  return { passed: stats.expected, failed: failures.length, skipped: stats.skipped, failures }
}

/** @param {PlaywrightSuite} suite @returns {string[]} */
function failuresOfSuite({ file = '', specs = [], suites = [] }) {
  const own = specs.flatMap(({ title, tests }) =>
    tests
      .filter(({ status }) => status === 'unexpected' || status === 'flaky')
      .map(({ results }) => describeFailure(file, title, results.find(({ error }) => error)?.error?.message)),
  )
  return [...own, ...suites.flatMap(failuresOfSuite)]
}

/**
 * @param {string} file
 * @param {string} test
 * @param {string | undefined} message its first line is shown, without the terminal's colours
 */
function describeFailure(file, test, message = '') {
  const [said = ''] = stripVTControlCharacters(message).split('\n')
  const shown = file.includes('/tests/') ? file.slice(file.lastIndexOf('/tests/') + 1) : file
  return [shown, test, said].filter((part) => part !== '').join(' > ')
}

/**
 * A suite's counts, given how its runner ended: one that failed without a failed test has a failure all the same, and
 * so has one that ran nothing without a reason.
 * @param {Counts | null} counted null: there was no report
 * @param {{ exitCode: number, mayRunNothing: boolean }} ended
 * @returns {Counts}
 */
export function settle(counted, { exitCode, mayRunNothing }) {
  const counts = counted ?? { passed: 0, failed: 0, skipped: 0 }
  const ranNothing = counts.passed + counts.failed === 0
  const fails = counts.failed === 0 && (exitCode !== 0 || (ranNothing && !mayRunNothing))
  return fails ? { ...counts, failed: 1 } : counts
}

/** One suite in words, unlike the last line, which stands alone. @param {Counts} counts */
export function describeSuite({ passed, failed, skipped }) {
  const done = `${passed} of ${passed + failed} passed${skipped > 0 ? `, ${skipped} skipped` : ''}`
  return failed > 0 ? `${done}: FAILED` : done
}

/** The last line. @param {Counts} counts */
export function describeAll({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}
