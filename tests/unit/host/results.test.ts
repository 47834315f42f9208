import { describe, expect, test } from 'vitest'
import {
  countPlaywright,
  countVitest,
  describeAll,
  describeSuite,
  playwrightFailures,
  settle,
  sum,
  vitestFailures,
} from '../../../workers/host/launch/results.mjs'

const file = (status: string, ...results: readonly string[]) => ({
  status,
  assertionResults: results.map((result) => ({ status: result })),
})

const spec = (title: string, status: string, message?: string) => ({
  title,
  tests: [{ status, results: [{}, ...(message === undefined ? [] : [{ error: { message } }])] }],
})

describe("vitest's report", () => {
  test('counts tests by how they ended', () => {
    const testResults = [
      file('passed', 'passed', 'passed', 'pending', 'todo'),
      file('failed', 'passed', 'failed', 'skipped'),
    ]
    expect(countVitest({ testResults })).toEqual({ passed: 3, failed: 1, skipped: 3 })
  })

  test('a file that did not load is a failure, with or without tests in it', () => {
    const testResults = [file('failed'), file('failed', 'passed')]
    expect(countVitest({ testResults })).toEqual({ passed: 1, failed: 2, skipped: 0 })
  })
})

test("Playwright's report: a flaky test has failed", () => {
  expect(countPlaywright({ stats: { expected: 5, unexpected: 2, flaky: 1, skipped: 4 } })).toEqual({
    passed: 5,
    failed: 3,
    skipped: 4,
  })
})

describe('what failed is named, with the first line of what it says', () => {
  test("in vitest's report, a file that did not load too", () => {
    const passed = { fullName: 'a passes', status: 'passed', failureMessages: [] }
    const failed = { fullName: 'b fails', status: 'failed', failureMessages: ['\u001b[31mexpected 1\u001b[39m\n at x'] }
    const testResults = [
      { name: '/home/me/softpost/tests/unit/one.test.ts', status: 'failed', assertionResults: [passed, failed] },
      {
        name: '/home/me/softpost/tests/gpu/two.test.ts',
        status: 'failed',
        message: 'no such file',
        assertionResults: [],
      },
      { name: '/home/me/softpost/tests/gpu/three.test.ts', status: 'passed', assertionResults: [passed] },
    ]
    expect(vitestFailures({ testResults })).toEqual([
      'tests/unit/one.test.ts > b fails > expected 1',
      'tests/gpu/two.test.ts > the file itself > no such file',
    ])
  })

  test("in Playwright's report, however deep", () => {
    const inner = {
      file: 'a.spec.ts',
      specs: [spec('breaks', 'unexpected', 'timed out\nthere'), spec('is left out', 'skipped')],
    }
    const suites = [
      { file: 'a.spec.ts', specs: [spec('works', 'expected'), spec('may work', 'flaky')], suites: [inner] },
    ]
    expect(playwrightFailures({ suites })).toEqual(['a.spec.ts > may work', 'a.spec.ts > breaks > timed out'])
  })
})

describe('a suite', () => {
  const good = { exitCode: 0, mayRunNothing: false }

  test('that passed has its own counts', () => {
    const counts = { passed: 3, failed: 0, skipped: 1 }
    expect(settle(counts, good)).toEqual(counts)
  })

  test('whose runner failed without a failed test has one failure', () => {
    expect(settle({ passed: 3, failed: 0, skipped: 0 }, { ...good, exitCode: 1 }).failed).toBe(1)
  })

  test('keeps its own failures', () => {
    expect(settle({ passed: 3, failed: 2, skipped: 0 }, { ...good, exitCode: 1 }).failed).toBe(2)
  })

  test('without a report has failed', () => {
    expect(settle(null, good)).toEqual({ passed: 0, failed: 1, skipped: 0 })
  })

  test('that ran nothing has failed, unless the machine lacks what it needs', () => {
    const skipped = { passed: 0, failed: 0, skipped: 7 }
    expect(settle(skipped, good)).toEqual({ ...skipped, failed: 1 })
    expect(settle(skipped, { ...good, mayRunNothing: true })).toEqual(skipped)
  })
})

test('the last line adds everything up', () => {
  const all = [
    { passed: 8, failed: 0, skipped: 0 },
    { passed: 700, failed: 1, skipped: 0 },
  ]
  expect(describeAll(sum(all))).toBe('708 passed, 1 failed')
  expect(describeAll(sum([...all, { passed: 0, failed: 0, skipped: 1 }]))).toBe('708 passed, 1 failed, 1 skipped')
})

test('a suite in words tells at a glance whether it failed', () => {
  expect(describeSuite({ passed: 3, failed: 0, skipped: 0 })).toBe('3 of 3 passed')
  expect(describeSuite({ passed: 3, failed: 1, skipped: 2 })).toBe('3 of 4 passed, 2 skipped: FAILED')
})
