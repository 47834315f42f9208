/** The prompt of a run: where it starts from, and what is released of it. */
import { sha256Hex } from '../model/manifest.ts'
import type { Engine } from '../pool/types.ts'
import { buildCertificate } from '../privacy/certificate.ts'
import { writePeft } from '../prompt/peft.ts'
import type { SoftPrompt } from '../prompt/softPrompt.ts'
import { SAW_PRIVATE, type Certificate, type ProjectClaim } from '../protocol/certificate.ts'
import type { Release } from '../protocol/tuner.ts'
import type { TuningPlan } from '../protocol/tuning.ts'
import type { Encoder } from '../task/encoder.ts'
import { seededRandom } from '../task/seededRandom.ts'

/** Public either way: the task's text, or tokens drawn by a seed that the user names. */
export type PromptStart = { readonly kind: 'text' } | { readonly kind: 'random'; readonly seed: number }

export type StartRequest = {
  readonly engine: Engine
  readonly encoder: Pick<Encoder, 'initIds'>
  readonly vocabulary: number
  readonly promptLength: number
  readonly start: PromptStart
}

/**
 * Token embeddings of the student `[P, d]`: a random start as well is made of them, since rows of another size than the
 * model's own do not train.
 */
export async function startPrompt(request: StartRequest): Promise<Float32Array<ArrayBuffer>> {
  const { engine, encoder, vocabulary, promptLength, start } = request
  if (start.kind === 'text') return await engine.embed('student', encoder.initIds(promptLength))
  const random = seededRandom(start.seed)
  return await engine.embed(
    'student',
    Array.from({ length: promptLength }, () => random(vocabulary)),
  )
}

export function softPromptOf({ promptLength }: TuningPlan, values: Float32Array<ArrayBuffer>): SoftPrompt {
  return { values, length: promptLength, width: values.length / promptLength }
}

export type ReleaseRequest = {
  readonly plan: TuningPlan
  readonly prompt: Float32Array<ArrayBuffer>
  readonly student: Certificate['student'] & { readonly layers: number }
  /** Whether exact figures of the rows were seen, so that ε does not cover the choice of this prompt. */
  readonly sawPrivate: boolean
  /** The runs that were declared as one project with this one. */
  readonly project?: ProjectClaim | undefined
}

/**
 * The files of a run's prompt and its certificate; equal runs give equal bytes.
 * @throws SoftpostError `prompt-invalid` for a prompt that nobody could load, `certificate`.
 */
export async function makeRelease({ plan, prompt, student, sawPrivate, project }: ReleaseRequest): Promise<Release> {
  const softPrompt = softPromptOf(plan, prompt)
  const { layers, ...named } = student
  const files = writePeft(softPrompt, { baseModel: student.id, layers, initText: plan.task.initText })
  return {
    adapterConfig: files.config,
    adapterModel: files.weights,
    certificate: buildCertificate({
      plan,
      student: named,
      promptSha256: await sha256Hex(files.weights),
      ...(sawPrivate ? { selection: SAW_PRIVATE } : {}),
      project,
    }),
    shape: [softPrompt.length, softPrompt.width],
    values: prompt.slice(),
  }
}
