/** p-values as verdicts. Which chance counts as an alarm is fixed here, before anything is measured. */
import { CHECK_IDS, type Check, type CheckId } from '../../protocol/audit.ts'

/** The chance that a sound mechanism fails any check of the self-test, at most. */
export const FALSE_ALARM = 1e-6

/**
 * Each check's share of it. A tenth of it is left for what the limit laws are off by so far out: that is a factor of
 * 2.5 in the worst of them.
 */
const LIMIT = FALSE_ALARM / (10 * CHECK_IDS.length)

/** @param pValues of the figures that the check is made of; the smallest counts, and pays for their number. */
export function checkOf(id: CheckId, ...pValues: readonly number[]): Check {
  const pValue = Math.min(1, Math.min(...pValues) * pValues.length)
  return { id, pValue, passed: pValue >= LIMIT }
}

/** Of a fact that holds or does not, whatever the chances. */
export function checkOfFact(id: CheckId, holds: boolean): Check {
  return checkOf(id, holds ? 1 : 0)
}
