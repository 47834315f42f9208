/** A run of distillation: batches from the corpus, gradients from the threads, steps here. */
import { SoftpostError } from '../protocol/errors.ts'
import { AdamW, clipFactor, norm } from './adamw.ts'
import type { DistillState } from './checkpoint.ts'
import type { Corpus } from './corpus.ts'
import { createMasker, type Masking } from './masking.ts'
import { watchPlateau } from './plateau.ts'
import { rateAt } from './schedule.ts'
import { MICROBATCH_TOKENS, sequenceBatches, totalsOf } from './sequences.ts'
import type { Distiller, LossTerms } from './types.ts'
import type { Validation } from './validate.ts'

export type DistillSettings = {
  readonly weights: LossTerms
  readonly temperature: number
  /** Peak of the learning rate. */
  readonly learningRate: number
  /** Global norm that gradients are cut to. */
  readonly clipNorm: number
  /** Sequences of a step. */
  readonly batchSize: number
  /** The run ends after so many steps or seconds, and the learning rate with it. */
  readonly end: { readonly steps: number } | { readonly seconds: number }
  /** Steps between two measurements on held-out texts; null for none. */
  readonly validateEvery: number | null
  /** The run ends early after so many measurements that were no better than an earlier one; null for never. */
  readonly patience: number | null
  /** Steps between two checkpoints; null for none. */
  readonly checkpointEvery: number | null
  /** Steps after which the student is measured and kept as it then is. */
  readonly milestones: readonly number[]
}

export type DistillProgress = {
  readonly steps: number
  readonly tokens: number
  readonly tokensPerSecond: number
  /** Means of the last steps. */
  readonly terms: LossTerms
  readonly secondsLeft: number
}

/** What is kept of a step, or of a measurement after it. Without times: the same run leaves the same records. */
export type DistillRecord =
  | ({ readonly step: number; readonly tokens: number; readonly loss: number; readonly rate: number } & LossTerms)
  | ({ readonly step: number; readonly tokens: number } & Validation)

export type DistillRun = {
  readonly distiller: Distiller
  /** The run's start, or where an earlier part of it was left. */
  readonly from: DistillState
  readonly corpus: Pick<Corpus, 'draw'>
  /** How a masked model is asked; null for a causal one. */
  readonly masking: Masking | null
  readonly settings: DistillSettings
  /** Perplexities and agreement of these values on held-out texts. */
  readonly measure: (values: Float32Array<ArrayBuffer>) => Promise<Validation>
  readonly onProgress: (progress: DistillProgress) => void
  /** In order; awaited before a checkpoint that comes after it is written. */
  readonly record: (record: DistillRecord) => Promise<void>
  /** The state is only good until the promise resolves, here and below. */
  readonly save: (state: DistillState) => Promise<void>
  /** Of a milestone. A run that goes on from an earlier step comes by it again. */
  readonly keep: (state: DistillState) => Promise<void>
}

export type DistillResult = {
  /** After the last step. */
  readonly state: DistillState
  /** Of the student as it was cut; null where an earlier part of the run has measured it. */
  readonly before: Validation | null
  readonly after: Validation
}

/** How much of the mean of the losses a new step is. */
const NEWEST = 0.05

/**
 * Cut short anywhere and begun again from what was saved last, it ends with the same bytes and the same records, provided
 * that the number of threads is the same and that steps, not seconds, say when it ends.
 *
 * @throws SoftpostError `non-finite` when the gradient is no number any more.
 */
export async function runDistillation(run: DistillRun): Promise<DistillResult> {
  const { distiller, corpus, settings } = run
  const { weights, temperature } = settings
  const values = run.from.values.slice()
  const adamw = new AdamW(run.from)
  let { steps, tokens, place, plateau } = run.from
  let means: LossTerms | null = null
  let measured: Validation | null = null
  const measure = async (): Promise<Validation> => {
    const validation = await run.measure(values)
    await run.record({ step: steps, tokens, ...validation })
    return validation
  }
  const before = steps === 0 ? await measure() : null
  let next = await corpus.draw(place, settings.batchSize)
  // The training's time: what comes before it is not of it, and a run of one second makes a step.
  const started = performance.now()
  const seconds = (): number => run.from.seconds + (performance.now() - started) / 1000
  for (;;) {
    const done = shareDone(settings.end, { steps, seconds: seconds() })
    if (done >= 1 || (settings.patience !== null && plateau.waited >= settings.patience)) break
    const mask = run.masking && createMasker(run.masking, steps)
    const batches = sequenceBatches(next.sequences, MICROBATCH_TOKENS, mask)
    const totals = totalsOf(batches)
    place = next.next
    const [{ gradient, terms }, drawn] = await Promise.all([
      distiller.gradient({ values, batches, totals, weights, temperature }),
      // Read and tokenised while the threads compute.
      corpus.draw(place, settings.batchSize),
    ])
    next = drawn
    const rate = rateAt(settings.learningRate, done)
    adamw.step(values, gradient, {
      learningRate: rate,
      scale: clipFactor(requireFinite(gradient, steps), settings.clipNorm),
    })
    steps++
    tokens += totals.tokens
    means = mix(means, terms)
    run.onProgress(progressOf({ steps, tokens, seconds: seconds() }, run, means))
    await run.record({ step: steps, tokens, loss: weighted(terms, weights), ...terms, rate })
    measured = null
    const isMilestone = settings.milestones.includes(steps)
    const isMeasured = isDue(steps, settings.validateEvery)
    if (isMeasured || isMilestone) measured = await measure()
    if (isMeasured && measured) plateau = watchPlateau(plateau, measured.perplexity)
    const state = (): DistillState => ({ ...adamw.state, steps, tokens, seconds: seconds(), place, plateau, values })
    if (isMilestone) await run.keep(state())
    if (isDue(steps, settings.checkpointEvery)) await run.save(state())
  }
  const state = { ...adamw.state, steps, tokens, seconds: seconds(), place, plateau, values }
  return { state, before, after: measured ?? (await measure()) }
}

type Pace = { readonly steps: number; readonly tokens: number; readonly seconds: number }

function shareDone(end: DistillSettings['end'], { steps, seconds }: Omit<Pace, 'tokens'>): number {
  return 'steps' in end ? steps / end.steps : seconds / end.seconds
}

function isDue(steps: number, every: number | null): boolean {
  return every !== null && steps % every === 0
}

function progressOf(
  { steps, tokens, seconds }: Pace,
  { settings: { end } }: DistillRun,
  terms: LossTerms,
): DistillProgress {
  const secondsLeft = 'steps' in end ? (seconds / steps) * (end.steps - steps) : end.seconds - seconds
  return { steps, tokens, tokensPerSecond: tokens / seconds, terms, secondsLeft }
}

/** The gradient's norm. */
function requireFinite(gradient: Float32Array, steps: number): number {
  const size = norm(gradient)
  if (Number.isFinite(size)) return size
  throw new SoftpostError('non-finite', `the gradient is no number at step ${steps + 1}; use a smaller --lr`)
}

function weighted(terms: LossTerms, weights: LossTerms): number {
  return weights.ce * terms.ce + weights.lm * terms.lm + weights.cos * terms.cos
}

function mix(means: LossTerms | null, terms: LossTerms): LossTerms {
  if (!means) return terms
  const next = (name: keyof LossTerms): number => means[name] + NEWEST * (terms[name] - means[name])
  return { ce: next('ce'), lm: next('lm'), cos: next('cos') }
}
