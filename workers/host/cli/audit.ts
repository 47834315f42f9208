/** `softpost audit`: tests the privacy mechanism as it is installed here. */
import process from 'node:process'
import { auditCanaries } from '../../evaluate/canaryAudit.ts'
import { runSelfTest } from '../../evaluate/selfTest.ts'
import { addRoundedGaussian } from '../../privacy/noise.ts'
import { cryptoRandom } from '../../privacy/random.ts'
import { poissonSample } from '../../privacy/sampler.ts'
import type { CanaryAuditReport, Check, SelfTestReport } from '../../protocol/audit.ts'
import { attackRowsOf, liraWords } from './auditLira.ts'
import { HELP, NAME, readArguments, type AuditArguments } from './auditArguments.ts'
import { auditTexts, textWords } from './auditTexts.ts'
import type { Command } from './command.ts'
import { duration, progressLine } from './progress.ts'

export const auditCommand: Command = {
  name: NAME,
  summary: 'test sampling, noise and bounds, and what attacks on them can prove',
  help: HELP,
  run: audit,
}

async function audit(args: readonly string[]): Promise<number> {
  const typed = readArguments(args)
  const selfTest = typed.selfTest ? { ...(await testThis()), ...measurePace() } : null
  const canaries = typed.canaries === null ? null : await plantCanaries(typed.canaries)
  const texts = typed.texts === null ? null : await auditTexts(typed.texts)
  const lira = typed.lira === null ? null : await attackRowsOf(typed.lira)
  const report = {
    ...(selfTest === null ? {} : { selfTest }),
    ...(canaries === null ? {} : { canaries }),
    ...(texts === null ? {} : { texts }),
    ...(lira === null ? {} : { lira }),
  }
  const words = [
    ...(selfTest === null ? [] : selfTestWords(selfTest)),
    ...(canaries === null ? [] : canaryWords(canaries)),
    ...(texts === null ? [] : textWords(texts)),
    ...(lira === null ? [] : liraWords(lira)),
  ]
  process.stdout.write(typed.json ? `${JSON.stringify(report)}\n` : `${words.join('\n')}\n`)
  return selfTest?.passed !== false && isPossible(canaries) && isPossible(texts) ? 0 : 1
}

/** What attacks prove lies below what the accountant proves, unless one of them is wrong. */
function isPossible(audit: { readonly epsilonLower: number; readonly epsilon: number | null } | null): boolean {
  return audit === null || audit.epsilon === null || audit.epsilonLower <= audit.epsilon
}

async function testThis(): Promise<SelfTestReport> {
  const line = progressLine()
  const started = performance.now()
  const report = await runSelfTest({
    onProgress: (share) => line.show(`audit: self-test, ${(100 * share).toFixed(0)} %`),
  })
  line.end(`audit: self-test done in ${duration((performance.now() - started) / 1000)}`)
  return report
}

async function plantCanaries(plan: NonNullable<AuditArguments['canaries']>): Promise<CanaryAuditReport> {
  const line = progressLine()
  const started = performance.now()
  const report = await auditCanaries(plan, {
    onStep: (done) => line.show(`audit: step ${done} of ${plan.steps} with canaries`),
  })
  line.end(`audit: ${plan.steps} steps with canaries in ${duration((performance.now() - started) / 1000)}`)
  return report
}

const PACE_COUNT = 1_000_000

/** Draws of the noise, and rows that the sampler decides, in a second. */
type Pace = { readonly noiseDrawsPerSecond: number; readonly sampledRowsPerSecond: number }

function measurePace(): Pace {
  const perSecond = (work: () => void): number => {
    const started = performance.now()
    work()
    return Math.round((1000 * PACE_COUNT) / (performance.now() - started))
  }
  const values = new Float64Array(PACE_COUNT)
  const rows = new Uint32Array(PACE_COUNT)
  return {
    noiseDrawsPerSecond: perSecond(() => addRoundedGaussian(values, 2 ** 15, cryptoRandom)),
    sampledRowsPerSecond: perSecond(() => void poissonSample(rows, 0.1, cryptoRandom)),
  }
}

const CHECK_WORDS: Readonly<Record<Check['id'], string>> = {
  'whole-numbers': 'noise and sums are whole numbers',
  'noise-size': 'noise has its size',
  'noise-shape': 'noise has the shape of a Gaussian',
  'noise-tails': 'large noise is as frequent as it should be',
  'noise-fresh': 'noise is new each time',
  'noise-on-empty': 'empty batches get noise as well',
  'row-size': 'a row adds what it may, and no more',
  'row-shape': 'what a row adds has the right law',
  'batch-sizes': 'batch sizes are those of independent coins',
  'batch-members': 'each row is as likely to be in a batch as every other',
  'batch-overlap': 'batches are independent of each other',
}

function selfTestWords(report: SelfTestReport & Pace): string[] {
  const { passed, checks, noiseRatio, draws, steps, canaries, noiseDrawsPerSecond, sampledRowsPerSecond } = report
  return [
    `self-test ${passed ? 'passed' : 'FAILED'}: ${steps} steps of ${canaries} made-up rows, ${draws} draws of noise`,
    `noise released: ${(100 * noiseRatio).toFixed(2)} % of what it should be`,
    ...checks.map(
      ({ id, pValue, passed }) =>
        `  ${passed ? 'ok    ' : 'FAILED'}  ${CHECK_WORDS[id]} (p = ${pValue.toPrecision(2)})`,
    ),
    `pace: ${millions(noiseDrawsPerSecond)} draws of noise a second, ${millions(sampledRowsPerSecond)} rows sampled from`,
  ]
}

function millions(perSecond: number): string {
  return `${(perSecond / 1e6).toFixed(1)} million`
}

function canaryWords({
  canaries,
  guesses,
  correct,
  epsilonLower,
  epsilon,
  delta,
  confidence,
}: CanaryAuditReport): string[] {
  return [
    `canaries: ${correct} of ${guesses} guesses about ${canaries} made-up rows were right`,
    `  ε is at least ${epsilonLower.toFixed(3)} (${100 * confidence} % sure); the accountant says at most ${epsilon.toFixed(3)} at δ = ${delta}`,
    ...(epsilonLower > epsilon
      ? ['  The attack shows more than the accountant allows: the mechanism has a fault.']
      : []),
  ]
}
