/** A run of distillation: batches from the corpus, gradients from the threads, steps here. */
import type { TokenBatch } from '../model/types.ts'
import { SoftpostError } from '../protocol/errors.ts'
import { AdamW, clipFactor, norm } from './adamw.ts'
import { rateAt } from './schedule.ts'
import { sequenceBatches, totalsOf } from './sequences.ts'
import type { Distiller, LossTerms, ValidationSum } from './types.ts'

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
}

export type DistillProgress = {
  readonly steps: number
  readonly tokens: number
  readonly tokensPerSecond: number
  /** Means of the last steps. */
  readonly terms: LossTerms
  readonly secondsLeft: number
}

export type DistillResult = {
  readonly values: Float32Array<ArrayBuffer>
  readonly steps: number
  readonly tokens: number
  readonly tokensPerSecond: number
}

export type DistillRun = {
  readonly distiller: Distiller
  /** The trained part of the student's parameters. */
  readonly start: Float32Array<ArrayBuffer>
  /** Draws so many sequences. */
  readonly draw: (count: number) => readonly Int32Array[]
  readonly settings: DistillSettings
  readonly onProgress: (progress: DistillProgress) => void
}

/** Tokens of a microbatch: more need memory for the logits of all of them, and are no faster. */
const MICROBATCH_TOKENS = 256

/** How much of the mean of the losses a new step is. */
const NEWEST = 0.05

/** @throws SoftpostError `non-finite` when the gradient is no number any more. */
export async function runDistillation(run: DistillRun): Promise<DistillResult> {
  const { distiller, draw, settings, onProgress } = run
  const { batchSize, learningRate, clipNorm, weights, temperature } = settings
  const values = run.start.slice()
  const adamw = new AdamW(values.length)
  const started = performance.now()
  let [steps, tokens] = [0, 0]
  let means: LossTerms | null = null
  let next = sequenceBatches(draw(batchSize), MICROBATCH_TOKENS)
  for (;;) {
    const seconds = (performance.now() - started) / 1000
    const done = 'steps' in settings.end ? steps / settings.end.steps : seconds / settings.end.seconds
    if (done >= 1) break
    const totals = totalsOf(next)
    const pending = distiller.gradient({ values, batches: next, totals, weights, temperature })
    // Tokenised while the threads compute.
    next = sequenceBatches(draw(batchSize), MICROBATCH_TOKENS)
    const { gradient, terms } = await pending
    const size = norm(gradient)
    if (!Number.isFinite(size)) {
      throw new SoftpostError('non-finite', `the gradient is no number at step ${steps + 1}; use a smaller --lr`)
    }
    adamw.step(values, gradient, { learningRate: rateAt(learningRate, done), scale: clipFactor(size, clipNorm) })
    steps++
    tokens += totals.tokens
    means = mix(means, terms)
    const now = (performance.now() - started) / 1000
    const secondsLeft =
      'steps' in settings.end ? (now / steps) * (settings.end.steps - steps) : settings.end.seconds - now
    onProgress({ steps, tokens, tokensPerSecond: tokens / now, terms: means, secondsLeft })
  }
  return { values, steps, tokens, tokensPerSecond: (tokens * 1000) / (performance.now() - started) }
}

/** Perplexities and agreement on these sequences. */
export type Validation = {
  readonly perplexity: number
  readonly teacherPerplexity: number
  /** Share of tokens after which both find the same next one most likely. */
  readonly agreement: number
}

export async function validate(
  distiller: Distiller,
  values: Float32Array<ArrayBuffer>,
  sequences: readonly Int32Array[],
): Promise<Validation> {
  const batches: TokenBatch[] = sequenceBatches(sequences, MICROBATCH_TOKENS)
  const { tokens, targets, studentLoss, teacherLoss, agreed }: ValidationSum = await distiller.validate({
    values,
    batches,
  })
  return {
    perplexity: Math.exp(studentLoss / targets),
    teacherPerplexity: Math.exp(teacherLoss / targets),
    agreement: agreed / tokens,
  }
}

function mix(means: LossTerms | null, terms: LossTerms): LossTerms {
  if (!means) return terms
  const next = (name: keyof LossTerms): number => means[name] + NEWEST * (terms[name] - means[name])
  return { ce: next('ce'), lm: next('lm'), cos: next('cos') }
}
