import { describe, expect, test } from 'vitest'
import {
  countPlaywright,
  countVitest,
  describeAll,
  describeSuite,
  settle,
  sum,
} from '../../../workers/host/launch/results.mjs'

const file = (name: string, status: string, ...tests: readonly string[]) => ({
  name: `/home/me/softpost/tests/unit/${name}`,
  status,
  message: 'no such file\nat x',
  assertionResults: tests.map((test) => ({
    fullName: `is ${test}`,
    status: test,
    failureMessages: test === 'failed' ? ['\u001b[31mexpected 1\u001b[39m\n at x'] : [],
  })),
})

const spec = (title: string, status: string, message?: string) => ({
  title,
  tests: [{ status, results: [{}, ...(message === undefined ? [] : [{ error: { message } }])] }],
})

describe("vitest's report", () => {
  test('counts tests by how they ended, and names those that failed with the first line of what they say', () => {
    const testResults = [
      file('a.test.ts', 'passed', 'passed', 'passed', 'pending', 'todo'),
      file('b.test.ts', 'failed', 'passed', 'failed', 'skipped'),
    ]
    const failures = ['tests/unit/b.test.ts > is failed > expected 1']
    expect(countVitest({ testResults })).toEqual({ passed: 3, failed: 1, skipped: 3, failures })
  })

  test('a file that did not load is a failure, with or without tests in it', () => {
    const testResults = [file('a.test.ts', 'failed'), file('b.test.ts', 'failed', 'passed')]
    const failures = ['a', 'b'].map((name) => `tests/unit/${name}.test.ts > the file itself > no such file`)
    expect(countVitest({ testResults })).toEqual({ passed: 1, failed: 2, skipped: 0, failures })
  })
})

test("Playwright's report: a flaky test has failed, and one in a block is a test like others", () => {
  const inner = { file: 'a.spec.ts', specs: [spec('breaks', 'unexpected', 'timed out\nthere'), spec('x', 'skipped')] }
  const suites = [{ file: 'a.spec.ts', specs: [spec('works', 'expected'), spec('may', 'flaky')], suites: [inner] }]
  expect(countPlaywright({ stats: { expected: 1, skipped: 1 }, suites })).toEqual({
    passed: 1,
    failed: 2,
    skipped: 1,
    failures: ['a.spec.ts > may', 'a.spec.ts > breaks > timed out'],
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
