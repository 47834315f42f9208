/** What the test runners report, as numbers that add up. */

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

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
