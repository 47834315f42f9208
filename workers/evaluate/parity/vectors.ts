/**
 * Files of reference numbers: what Hugging Face's models and torch's optimisers compute on given inputs, with the
 * tolerance of each figure. Three kinds: of one model, of a teacher with its student, of optimisers alone.
 */
import * as z from 'zod/mini'
import { SoftpostError } from '../../protocol/errors.ts'

/** Row-major. */
const Values = z.object({ shape: z.array(z.int()), data: z.array(z.number()) })
const Matrix = z.array(z.array(z.int()))
const Tolerance = z.object({ rtol: z.number(), atol: z.number() })
/** By field; the names are those of the file, with dots between an object and its member. */
const Precision = z.record(z.string(), z.object({ cpu: Tolerance, gpu: Tolerance }))

const Texts = z.object({ input_ids: Matrix, lengths: z.array(z.int()), read_index: z.array(z.int()) })

/** `loss`: before each step. `prompt_after` is `[steps, L, d]`. */
const PromptSteps = z.object({ lr: z.number(), loss: Values, prompt_after: Values })

const Case = z.extend(Texts, {
  labels: z.array(z.int()),
  prompt: Values,
  plain: z.object({ last_hidden_state: Values, logits: Values, logits_at_read: Values }),
  prompted: z.object({
    clip_norm: z.number(),
    logits_at_read: Values,
    class_scores: Values,
    loss: Values,
    mean_loss: z.number(),
    grad: Values,
    grad_norm: Values,
    clip_factor: Values,
    clipped_sum: Values,
    clipped_mean: Values,
    mean_grad: Values,
  }),
  adam: PromptSteps,
  adam_rows: PromptSteps,
  precision: Precision,
})

const ModelVectors = z.object({
  kind: z.enum(['causal', 'mlm']),
  label_words: z.array(z.array(z.int())),
  cases: z.array(Case).check(z.minLength(1)),
})

const Terms = z.object({ ce: z.number(), lm: z.number(), cos: z.number() })
const AdamWSettings = z.object({
  lr: z.number(),
  betas: z.tuple([z.number(), z.number()]),
  eps: z.number(),
  weight_decay: z.number(),
})
/** `losses` has one row before each step and one after the last: ce, lm, cos, total. */
const ParameterSteps = z.object({ losses: Values, after: z.record(z.string(), Values) })
const ClippedSteps = z.extend(ParameterSteps, { grad_norms: Values })

const Distillation = z.object({
  input_ids: Matrix,
  lengths: z.array(z.int()),
  /** -100 where there is no target. A causal model's are its own ids: the shift is inside the loss. */
  lm_labels: Matrix,
  temperature: z.number(),
  weights: Terms,
  optimizer: AdamWSettings,
  n_tokens: z.int(),
  n_lm_targets: z.int(),
  clip_grad_norm: z.number(),
  clip_grad_norm_rows: z.number(),
  loss_ce: z.number(),
  loss_lm: z.number(),
  loss_cos: z.number(),
  loss_total: z.number(),
  grad_norm: z.record(z.string(), z.number()),
  grad: z.record(z.string(), Values),
  total_grad_norm: z.number(),
  total_grad_norm_ce: z.number(),
  total_grad_norm_lm: z.number(),
  total_grad_norm_cos: z.number(),
  adamw: ParameterSteps,
  adamw_clipped: ClippedSteps,
  adamw_rows: z.extend(ClippedSteps, { lr: z.number() }),
})

const AlphaCase = z.object({
  L1: z.number(),
  L2: z.number(),
  total: z.number(),
  grad: Values,
  adam: z.object({ losses: Values, prompt_after: Values }),
})

/** Beside these it has one {@link AlphaCase} for each of `alphas`, named `alpha=…`. */
const Transfer = z.catchall(
  z.extend(Texts, {
    source_prompt: Values,
    target_prompt: Values,
    temperature: z.number(),
    alphas: z.array(z.number()),
    optimizer: z.object({ lr: z.number() }),
    source_plain_logits: Values,
    source_prompted_logits: Values,
    target_plain_logits: Values,
    target_prompted_logits: Values,
    logit_arithmetic: Values,
  }),
  z.unknown(),
)

const PairVectors = z.object({
  kind: z.enum(['causal', 'mlm']),
  extraction: z.object({ keep_layers: z.array(z.int()), logits_at_read: Values }),
  kd: Distillation,
  transfer: Transfer,
  precision: Precision,
})

const OptimizerCase = z.object({
  class: z.enum(['Adam', 'AdamW', 'SGD']),
  lr: z.number(),
  betas: z._default(z.tuple([z.number(), z.number()]), [0.9, 0.999]),
  eps: z._default(z.number(), 1e-8),
  weight_decay: z._default(z.number(), 0),
  clip_grad_norm: z.nullable(z.number()),
  params_after: Values,
})

/** Beside these it has one {@link OptimizerCase} for each optimiser. */
const OptimizerVectors = z.looseObject({
  start: z.array(z.number()),
  gradients: z.array(z.array(z.number())),
  precision: Precision,
})

export type Values = z.infer<typeof Values>
export type Tolerance = z.infer<typeof Tolerance>
export type Precision = z.infer<typeof Precision>
export type Texts = z.infer<typeof Texts>
export type Case = z.infer<typeof Case>
export type Distillation = z.infer<typeof Distillation>
export type Transfer = z.infer<typeof Transfer>
export type AlphaCase = z.infer<typeof AlphaCase>
export type OptimizerCase = z.infer<typeof OptimizerCase>
export type ModelVectors = z.infer<typeof ModelVectors>
export type PairVectors = z.infer<typeof PairVectors>
export type OptimizerVectors = z.infer<typeof OptimizerVectors>

export type Vectors =
  | { readonly of: 'model'; readonly vectors: ModelVectors }
  | { readonly of: 'pair'; readonly vectors: PairVectors }
  | { readonly of: 'optimizers'; readonly vectors: OptimizerVectors }

/** @throws SoftpostError `usage` for a file of another form, naming what is wrong. */
export function parseVectors(json: unknown): Vectors {
  if (!isObject(json)) throw wrong('it is not a JSON object')
  if ('cases' in json) return { of: 'model', vectors: check(ModelVectors, json) }
  if ('transfer' in json) return { of: 'pair', vectors: check(PairVectors, json) }
  if ('gradients' in json) return { of: 'optimizers', vectors: check(OptimizerVectors, json) }
  throw wrong('it has neither cases nor transfer nor gradients')
}

export function alphaCase(transfer: Transfer, alpha: number): AlphaCase {
  return check(AlphaCase, transfer[`alpha=${alpha}`])
}

/** The optimisers of a file by name. */
export function optimizerCases(vectors: OptimizerVectors): [string, OptimizerCase][] {
  return Object.entries(vectors)
    .filter(([, value]) => isObject(value) && 'params_after' in value)
    .map(([name, value]) => [name, check(OptimizerCase, value)])
}

function check<T>(schema: z.ZodMiniType<T>, json: unknown): T {
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw wrong(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong form'}`, parsed.error)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function wrong(what: string, cause?: unknown): SoftpostError {
  return new SoftpostError('usage', `these are no reference vectors (${what}); give a vectors.json`, { cause })
}
