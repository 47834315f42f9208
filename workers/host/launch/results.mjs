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
 * @typedef {{ status: string, assertionResults: readonly { status: string }[] }} VitestFile
 * @param {{ testResults: readonly VitestFile[] }} report
 * @returns {Counts}
 */
export function countVitest({ testResults }) {
  return sum(
    testResults.map(({ status, assertionResults }) => {
      /** @param {string} wanted */
      const count = (wanted) => assertionResults.filter((result) => result.status === wanted).length
      const passed = count('passed')
      const failed = count('failed')
      return {
        passed,
        failed: failed === 0 && status === 'failed' ? 1 : failed,
        skipped: assertionResults.length - passed - failed,
      }
    }),
  )
}

/**
 * Which of vitest's tests failed, and what each says of it in a line.
 * @typedef {{ fullName: string, status: string, failureMessages?: readonly string[] | null }} VitestTest
 * @param {{ testResults: readonly { name: string, status: string, message?: string, assertionResults: readonly VitestTest[] }[] }} report
 * @returns {string[]}
 */
export function vitestFailures({ testResults }) {
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const failed = assertionResults.filter((result) => result.status === 'failed')
    const lines = failed.map(({ fullName, failureMessages }) => failure(name, fullName, failureMessages?.[0]))
    return lines.length === 0 && status === 'failed' ? [failure(name, 'the file itself', message)] : lines
  })
}

/**
 * Which of Playwright's tests failed; describe blocks are suites in suites.
 * @typedef {{ status: string, results: readonly { error?: { message?: string } }[] }} PlaywrightTest
 * @typedef {{ title: string, tests: readonly PlaywrightTest[] }} Spec
 * @typedef {{ file?: string, specs?: readonly Spec[], suites?: readonly PlaywrightSuite[] }} PlaywrightSuite
 * @param {{ suites: readonly PlaywrightSuite[] }} report
 * @returns {string[]}
 */
export function playwrightFailures({ suites }) {
  return suites.flatMap(({ file = '', specs = [], suites: inner = [] }) => [
    ...specs.flatMap(({ title, tests }) =>
      tests
        .filter(({ status }) => status === 'unexpected' || status === 'flaky')
        .map(({ results }) => {
          const errors = results.map(({ error }) => error?.message)
          return failure(
            file,
            title,
            errors.find((message) => message !== undefined),
          )
        }),
    ),
    ...playwrightFailures({ suites: inner }),
  ])
}

/**
 * @param {string} file
 * @param {string} test
 * @param {string | undefined} message its first line is shown, without the terminal's colours
 */
function failure(file, test, message = '') {
  const [said = ''] = stripVTControlCharacters(message).split('\n')
  const shown = file.includes('/tests/') ? file.slice(file.lastIndexOf('/tests/') + 1) : file
  return [shown, test, said].filter((part) => part !== '').join(' > ')
}

/**
 * Playwright's JSON report. A test that passed at its second attempt has failed: flaky is broken.
 * @param {{ stats: { expected: number, unexpected: number, flaky: number, skipped: number } }} report
 * @returns {Counts}
 */
export function countPlaywright({ stats }) {
  return { passed: stats.expected, failed: stats.unexpected + stats.flaky, skipped: stats.skipped }
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
