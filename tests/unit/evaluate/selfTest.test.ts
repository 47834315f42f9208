import { describe, expect, test } from 'vitest'
import type { StepTaker } from '../../../workers/evaluate/canaries.ts'
import { runSelfTest, testMechanism } from '../../../workers/evaluate/selfTest.ts'
import { SoftpostError } from '../../../workers/protocol/errors.ts'
import { CHECK_IDS, type CheckId } from '../../../workers/protocol/audit.ts'
import { rejectionOf } from '../model/support.ts'
import {
  dividedByActualBatch,
  floatNoise,
  missingClip,
  noiseTimes,
  repeatedBatches,
  repeatedRandom,
  shuffledEpochs,
  silentWhenEmpty,
  wrongRate,
} from './faultySteps.ts'

const quiet = { onProgress: () => undefined }

test('the shipped mechanism passes, and would fail once in a million times at most', async () => {
  const shares: number[] = []
  const report = await runSelfTest({ onProgress: (share) => void shares.push(share) })
  expect(report.checks.filter(({ passed }) => !passed)).toEqual([])
  expect(report).toMatchObject({ passed: true, falseAlarm: 1e-6, draws: 1_000_000, canaries: 1_000 })
  expect(report.checks.map(({ id }) => id)).toEqual([...CHECK_IDS])
  expect(Math.abs(report.noiseRatio - 1)).toBeLessThan(0.02)
  expect(shares).toEqual([...shares].sort((a, b) => a - b))
  expect(shares.at(-1)).toBe(1)
})

describe('a fault is found, and where it is', () => {
  test.each<[string, StepTaker, CheckId[]]>([
    ['5 % too little noise', noiseTimes(() => 0.95), ['noise-size', 'noise-shape', 'noise-on-empty']],
    ['noise by variance instead of deviation', noiseTimes((sigma) => sigma), ['noise-size']],
    ['noise once per microbatch of two', noiseTimes(() => Math.SQRT2), ['noise-size']],
    ['no clipping', missingClip(100), ['row-size', 'row-shape']],
    ['the same batch in each step', repeatedBatches(), ['batch-members', 'batch-overlap']],
    ['shuffled epochs', shuffledEpochs(), ['batch-sizes', 'batch-overlap']],
    ['another rate', wrongRate, ['batch-sizes']],
    ['the same noise twice', repeatedRandom, ['noise-fresh', 'batch-overlap']],
    ['no noise on empty batches', silentWhenEmpty, ['noise-on-empty']],
    ['the sampled size as divisor', dividedByActualBatch, ['noise-size']],
    ['noise of floats', floatNoise, ['whole-numbers']],
  ])('%s', async (_, step, ids) => {
    const { checks } = await testMechanism(quiet, step)
    const failed = checks.filter((check) => !check.passed).map(({ id }) => id)
    expect(failed).toEqual(expect.arrayContaining(ids))
  })
})

test('ends when it is told to', async () => {
  const stop = { onProgress: () => Promise.reject(new SoftpostError('cancelled', 'stopped')) }
  await rejectionOf('cancelled', runSelfTest(stop))
})
