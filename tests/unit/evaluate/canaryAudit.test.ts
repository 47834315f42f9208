import { describe, expect, test } from 'vitest'
import type { StepTaker } from '../../../workers/evaluate/canaries.ts'
import { auditCanaries, CANARY_AUDIT } from '../../../workers/evaluate/canaryAudit.ts'
import { rejectionOf } from '../model/support.ts'
import { missingClip, noiseTimes, repeatedBatches } from './faultySteps.ts'

const quiet = { onStep: () => undefined }
/** Of the audit's numbers, exactly. */
const EPSILON = 2.76

test('on the shipped mechanism the bound lies below ε', async () => {
  const report = await auditCanaries(CANARY_AUDIT, quiet)
  expect(report).toMatchObject({ canaries: 5_000, guesses: 200, delta: 1e-5, confidence: 0.95 })
  expect(report.epsilon).toBeCloseTo(EPSILON, 2)
  // About 1.0. Above 2 it would be once in 10^9 runs; at 0 too.
  expect(report.epsilonLower).toBeGreaterThan(0)
  expect(report.epsilonLower).toBeLessThan(2)
})

describe('with a fault it lies above ε', () => {
  test.each<[string, StepTaker]>([
    ['the same batch in each step', repeatedBatches()],
    ['no clipping', missingClip(100)],
  ])('%s', async (_, step) => {
    const { epsilonLower } = await auditCanaries(CANARY_AUDIT, quiet, step)
    // One of the 200 is wrong now and then; six would have to be.
    expect(epsilonLower).toBeGreaterThan(EPSILON)
    // All that 200 guesses can show.
    expect(epsilonLower).toBeLessThan(4.19)
  })
})

test('a bound below ε proves nothing: noise that is a tenth too small keeps it there', async () => {
  const { epsilonLower } = await auditCanaries(
    CANARY_AUDIT,
    quiet,
    noiseTimes(() => 0.9),
  )
  expect(epsilonLower).toBeLessThan(EPSILON)
})

test.each([{ delta: 0 }, { guesses: 0 }, { guesses: 6_000 }, { canaries: 0 }, { sampleRate: 1.5 }, { sigma: -1 }])(
  'refuses %j',
  async (change) => {
    await rejectionOf('privacy-argument', auditCanaries({ ...CANARY_AUDIT, ...change }, quiet))
  },
)
