/** The public constants of a transfer, all fixed before its first step. */
import { SoftpostError } from '../protocol/errors.ts'
import type { BackendName } from '../protocol/tuning.ts'
import type { Alpha } from '../protocol/wire.ts'
import type { AnswerSource } from './answered.ts'
import { textsWithin } from './constants.ts'
import type { Support } from './support.ts'

/** Where pt starts: the task's text in the teacher's embeddings (the paper), ps itself, or the better by public loss. */
export const STARTS = ['text', 'student', 'auto'] as const
export type StartChoice = (typeof STARTS)[number]

export type TransferPlan = {
  readonly alpha: Alpha
  readonly steps: number
  readonly batchSize: number
  readonly learningRate: number
  /** Public texts that are used. */
  readonly texts: number
  readonly start: StartChoice
  /** The whole vocabulary by default: anything less has not been shown to win on a labelled public set. */
  readonly support: Support
  /** Of an extract task: whose answers both models are led along. */
  readonly answers: AnswerSource
  /** Of the choice and order of public texts. */
  readonly seed: number
}

/** What was asked for; the rest takes defaults. */
export type TransferRequest = { readonly [name in keyof TransferPlan]?: TransferPlan[name] | undefined }

export type TransferGround = {
  /** Texts of the public file. */
  readonly texts: number
  readonly vocabulary: number
  readonly backend: BackendName
  /** Whether the public set has answers to an extract task; it has none where this is not given. */
  readonly hasAnswers?: boolean
}

/** Memory for the constants of the public texts. */
const CONSTANTS_BYTES = 256 * 2 ** 20

/** Read positions, of all public texts together, whose constants have room. */
export function mostPositions(vocabulary: number): number {
  return textsWithin(CONSTANTS_BYTES, vocabulary)
}

/** A few hundred texts are enough (paper, figures 2 and 3). */
const TEXTS = 512
const STEPS = { webgpu: 1_000, wasm: 250, cpu: 250 } as const
const BATCH = 16
/**
 * From ps and at equal α, 100 steps end lower on unseen public texts with 2e-2 (0.335) than with 5e-3 (0.345); between
 * them, since a smaller one moves the prompt less far.
 */
const LEARNING_RATE = 1e-2

/** @throws SoftpostError `usage` naming the number that is out of its range. */
export function planTransfer(request: TransferRequest, ground: TransferGround): TransferPlan {
  const most = Math.min(ground.texts, mostPositions(ground.vocabulary))
  const texts = Math.min(requireCount('examples', request.texts ?? TEXTS), most)
  return {
    alpha: requireAlpha(request.alpha ?? 'auto'),
    steps: requireCount('steps', request.steps ?? STEPS[ground.backend]),
    batchSize: Math.min(requireCount('batch', request.batchSize ?? BATCH), texts),
    learningRate: requirePositive('lr', request.learningRate ?? LEARNING_RATE),
    texts,
    start: request.start ?? 'auto',
    support: requireSupport(request.support ?? 'full'),
    answers: request.answers ?? (ground.hasAnswers === true ? 'public' : 'student'),
    seed: requireWhole('seed', request.seed ?? 0),
  }
}

const MOST = 1_000_000

function requireCount(name: string, value: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= MOST) return value
  throw outside(name, value, `a whole number from 1 to ${MOST}`)
}

function requireWhole(name: string, value: number): number {
  if (Number.isSafeInteger(value)) return value
  throw outside(name, value, 'a whole number')
}

function requirePositive(name: string, value: number): number {
  if (Number.isFinite(value) && value > 0) return value
  throw outside(name, value, 'a number above 0')
}

function requireAlpha(alpha: Alpha): Alpha {
  if (alpha === 'auto' || (alpha >= 0 && alpha <= 1)) return alpha
  throw outside('alpha', alpha, 'a number from 0 to 1, or auto')
}

function requireSupport(support: Support): Support {
  if (typeof support === 'string') return support
  return { top: requireCount('support', support.top) }
}

function outside(name: string, value: number, range: string): SoftpostError {
  return new SoftpostError('usage', `transfer: ${name} is ${value}; give ${range}`, { data: { name, value } })
}
