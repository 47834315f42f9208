import { describe, expect, test } from 'vitest'
import {
  countPlaywright,
  countVitest,
  describeAll,
  describeSuite,
  settle,
  sum,
} from '../../../workers/host/launch/results.mjs'

const file = (status: string, ...results: readonly string[]) => ({
  status,
  assertionResults: results.map((result) => ({ status: result })),
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
