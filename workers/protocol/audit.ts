/** What audits say: of the mechanism itself on made-up rows, and of attacks on prompts of this device's rows. */

/** What the self-test looks at. The first five are about noise, the next three about what rows add, the rest about batches. */
export const CHECK_IDS = [
  'whole-numbers',
  'noise-size',
  'noise-shape',
  'noise-tails',
  'noise-fresh',
  'noise-on-empty',
  'row-size',
  'row-shape',
  'batch-sizes',
  'batch-members',
  'batch-overlap',
] as const
export type CheckId = (typeof CHECK_IDS)[number]

export type Check = {
  readonly id: CheckId
  /** The chance that a sound mechanism looks at least as odd. */
  readonly pValue: number
  readonly passed: boolean
}

/** The self-test of the noise: the tuner's own step on made-up rows. It reads no file, so nothing in it is private. */
export type SelfTestReport = {
  readonly passed: boolean
  readonly checks: readonly Check[]
  /** The chance that a sound mechanism fails, at most. */
  readonly falseAlarm: number
  readonly steps: number
  readonly canaries: number
  /** Noise draws that were looked at by themselves. */
  readonly draws: number
  /** Deviation of the released noise over what it should be. */
  readonly noiseRatio: number
}

/** What a stranger could prove who plants made-up rows and sees every noised step: far more than a prompt shows. */
export type CanaryAuditReport = {
  readonly canaries: number
  readonly guesses: number
  readonly correct: number
  /** ε below this is refuted with this confidence. */
  readonly epsilonLower: number
  readonly confidence: number
  /** What the accountant proves of the same steps, at the same δ. */
  readonly epsilon: number
  readonly delta: number
  readonly sampleRate: number
  readonly sigma: number
  readonly steps: number
}

/** The numbers of a plan that its noise and batches follow from. */
export type MechanismNumbers = {
  readonly sampleRate: number
  readonly sigma: number
  readonly steps: number
  readonly delta: number
}

export type NoiseTest = { readonly selfTest: SelfTestReport; readonly canaries: CanaryAuditReport }

/** From 0 to 1. */
export type AuditProgress = { readonly share: number }

/** A figure with the interval in which it lies with 95 % confidence. */
export type Estimate = { readonly value: number; readonly low: number; readonly high: number }

/**
 * A membership attack on prompts of this file's rows. Private like the rows: for the screen of this device alone, never
 * sent, and no part of a release.
 */
export type AttackReport = {
  /** Prompts that were tuned, each on a random half of `rows` rows. */
  readonly shadows: number
  readonly rows: number
  readonly steps: number
  readonly batchSize: number
  /** Of each of those prompts; null without differential privacy. */
  readonly epsilon: number | null
  readonly delta: number | null
  /** Chance that a row that was used looks more used than one that was not; 0.5 is guessing. */
  readonly auc: Estimate
  /** Share of the used rows that are found while 1 % of the others are taken for used. */
  readonly tprAt1: Estimate
  /** The most of them that ε lets any attack find; 1 without differential privacy. */
  readonly ceilingAt1: number
  /** Mean over used rows of ln how many times likelier the attack holds it that they were used, in nats. */
  readonly lnRatio: Estimate
  /** From no alarm to all: share of false alarms, of rows found, and the most that ε and δ allow to be found. */
  readonly roc: readonly RocPoint[]
}

export type RocPoint = { readonly fpr: number; readonly tpr: number; readonly ceiling: number }

/** What guesses about made-up texts in a real run prove. */
export type TextAuditReport = Pick<
  CanaryAuditReport,
  'canaries' | 'guesses' | 'correct' | 'epsilonLower' | 'confidence' | 'delta'
> & {
  /** Of the run; null without differential privacy. */
  readonly epsilon: number | null
  /** Of the file, beside the made-up ones. */
  readonly rows: number
  readonly steps: number
  readonly batchSize: number
}
