/** "Test my noise": the mechanism on made-up rows, in this worker, while a person watches. */
import { auditCanaries, CANARY_AUDIT } from '../evaluate/canaryAudit.ts'
import { runSelfTest } from '../evaluate/selfTest.ts'
import type { AuditProgress } from '../protocol/audit.ts'
import type { TunerApi } from '../protocol/tuner.ts'
import { openControl } from './control.ts'

/** Fewer than on the command line: a plan may have many steps, and its person waits. */
const CANARIES = { canaries: 2_000, guesses: 100 } as const

/** The self-test's share of the time, with the steps of a usual plan. */
const SELF_TEST_SHARE = 0.7

export const testNoise: TunerApi['testNoise'] = async (mechanism, port) => {
  try {
    const control = openControl<AuditProgress>(port, 'the test was stopped; nothing was changed')
    const selfTest = await runSelfTest({
      onProgress: (share) => control.reportNowAndThen({ share: share * SELF_TEST_SHARE }),
    })
    const plan = { ...CANARY_AUDIT, ...CANARIES, ...mechanism }
    const canaries = await auditCanaries(plan, {
      onStep: (done) =>
        control.reportNowAndThen({ share: SELF_TEST_SHARE + (1 - SELF_TEST_SHARE) * (done / plan.steps) }),
    })
    return { selfTest, canaries }
  } finally {
    port.close()
  }
}
