/** What is said of a run when its prompt is released, and the check of what others say. */
import { Certificate, type MechanismClaim, type ProjectClaim } from '../protocol/certificate.ts'
import { SoftpostError } from '../protocol/errors.ts'
import type { TuningPlan } from '../protocol/tuning.ts'
import { ACCOUNTANT, epsilonOf } from './accountant/accountant.ts'
import { checkProject } from './project.ts'

/** A claim may lie this much (relative) below the recomputed ε: float rounding and the last digits of a tight accountant. */
const CLAIM_TOLERANCE = 1e-4

export type CertificateParts = {
  readonly plan: TuningPlan
  readonly student: Certificate['student']
  /** Of the bytes of `adapter_model.safetensors`, lower-case hex. */
  readonly promptSha256: string
  /** Why this prompt and not another; 'covered' where not given. A run without DP has but one answer. */
  readonly selection?: Certificate['selection']
  /** The runs that were declared as one project with it; undefined where no ledger has the run. */
  readonly project?: ProjectClaim | undefined
}

/**
 * The certificate of a run, for its planned steps even if it was stopped early: the stop may follow from what was seen.
 *
 * @throws SoftpostError `certificate` when the plan's ε does not follow from its numbers.
 */
export function buildCertificate({ plan, student, promptSha256, selection, project }: CertificateParts): Certificate {
  const certificate: Certificate = {
    format: 'softpost-certificate',
    version: 1,
    privacy: claimOf(plan),
    ...(plan.privacy === null || project === undefined ? {} : { project }),
    selection: plan.privacy === null ? 'no differential privacy' : (selection ?? 'covered'),
    declaredPublic: {
      task: plan.task,
      promptLength: plan.promptLength,
      learningRate: plan.learningRate,
      optimizer: plan.optimizer,
    },
    student: { id: student.id, sha256: student.sha256, ...weightsOf(student) },
    promptSha256,
  }
  checkCertificate(certificate)
  return certificate
}

/** The files' own numbers go without saying, as they did before there was a choice. */
function weightsOf({ weights = 'f32' }: Certificate['student']): Pick<Certificate['student'], 'weights'> {
  return weights === 'f32' ? {} : { weights }
}

function claimOf({ privacy, sampleRate, steps, maxRowsPerPerson }: TuningPlan): MechanismClaim | null {
  if (privacy === null) return null
  return {
    kind: 'poisson-subsampled-gaussian',
    ...(maxRowsPerPerson === undefined ? { unit: 'row' } : { unit: 'person', maxRowsPerPerson }),
    adjacency: 'zero-out',
    epsilon: privacy.epsilonPlanned,
    delta: privacy.delta,
    sigma: privacy.sigma,
    sampleRate,
    steps,
    clipNorm: privacy.clipNorm,
    accountant: privacy.accountant,
  }
}

/**
 * Recomputes ε from the certificate's own numbers, in a time that does not depend on them. That shows that the claim is
 * consistent, not that noise was added.
 *
 * @returns the recomputed ε; null for a run without differential privacy.
 * @throws SoftpostError `certificate` for a broken one, one that claims less than its numbers prove, or one whose
 *   `selection` or unit contradicts it.
 */
export function checkCertificate(certificate: Certificate): { readonly epsilon: number | null } {
  const parsed = Certificate.safeParse(certificate)
  if (!parsed.success) {
    throw new SoftpostError('certificate', 'the certificate has fields that are missing, unknown or out of range', {
      cause: parsed.error,
    })
  }
  const { privacy, project, selection } = parsed.data
  if ((privacy === null) !== (selection === 'no differential privacy')) {
    throw new SoftpostError('certificate', `the certificate says "${selection}", which its privacy claim contradicts`)
  }
  if (privacy === null) {
    if (project === undefined) return { epsilon: null }
    throw new SoftpostError('certificate', 'the certificate has a project and no differential privacy')
  }
  if ((privacy.unit === 'person') !== (privacy.maxRowsPerPerson !== undefined)) {
    throw new SoftpostError(
      'certificate',
      `the certificate's unit is a ${privacy.unit}, which its rows per person contradict`,
    )
  }
  const epsilon = epsilonOf(privacy)
  if (!(privacy.epsilon >= epsilon * (1 - CLAIM_TOLERANCE))) {
    throw new SoftpostError(
      'certificate',
      `the certificate claims ε = ${privacy.epsilon}, but its own numbers give ${epsilon.toPrecision(6)} (${ACCOUNTANT}); tune again with a current version`,
      { data: { claimed: privacy.epsilon, recomputed: epsilon } },
    )
  }
  if (project !== undefined) checkProject(project, privacy, CLAIM_TOLERANCE)
  return { epsilon }
}
