import { describe, expect, test } from 'vitest'
import { buildCertificate, checkCertificate } from '../../../workers/privacy/certificate.ts'
import { planPrivacy } from '../../../workers/privacy/plan.ts'
import { Certificate, type MechanismClaim } from '../../../workers/protocol/certificate.ts'
import type { TuningPlan } from '../../../workers/protocol/tuning.ts'
import { errorOf } from '../model/support.ts'

const PARTS = {
  student: { id: 'demo-student', sha256: 'ab'.repeat(32) },
  promptSha256: 'cd'.repeat(32),
}
const PLAN: TuningPlan = {
  task: {
    template: '{text} It was',
    labels: { positive: ['good'], negative: ['bad'] },
    initText: 'Is it good?',
  },
  promptLength: 10,
  batchSize: 128,
  steps: 312,
  learningRate: 0.01,
  optimizer: 'adam',
  checkpointEvery: 10,
  trainRows: 2_000,
  sampleRate: 0.064,
  privacy: planPrivacy({
    epsilon: 8,
    delta: 1e-5,
    trainRows: 2_000,
    sampleRate: 0.064,
    steps: 312,
    clipNorm: 0.5,
    heldOutRows: 300,
  }),
}
const built = buildCertificate({ ...PARTS, plan: PLAN })

function claiming(claim: Partial<MechanismClaim>): Certificate {
  if (built.privacy === null) throw new Error('the run has differential privacy')
  return { ...built, privacy: { ...built.privacy, ...claim } }
}

describe('a certificate', () => {
  test('names what the weights of the student were rounded to, where they were', () => {
    const of = (weights: 'f32' | 'int8') =>
      buildCertificate({ ...PARTS, plan: PLAN, student: { ...PARTS.student, weights } }).student
    expect(of('int8')).toEqual({ ...PARTS.student, weights: 'int8' })
    expect(of('f32')).toEqual(PARTS.student)
  })

  test('says how the prompt was made and passes its own check', () => {
    expect(Certificate.parse(built)).toEqual(built)
    expect(built.privacy).toEqual({
      kind: 'poisson-subsampled-gaussian',
      unit: 'row',
      adjacency: 'zero-out',
      epsilon: PLAN.privacy?.epsilonPlanned,
      delta: 1e-5,
      sigma: PLAN.privacy?.sigma,
      sampleRate: 0.064,
      steps: 312,
      clipNorm: 0.5,
      accountant: PLAN.privacy?.accountant,
    })
    expect(built.selection).toBe('covered')
    expect(checkCertificate(built)).toEqual({ epsilon: PLAN.privacy?.epsilonPlanned })
  })

  test('holds public quantities alone, whatever else the plan carries', () => {
    const plan = { ...PLAN, secret: 'row 17' }
    expect(JSON.stringify(buildCertificate({ ...PARTS, plan }))).not.toContain('row 17')
    expect(Object.keys(built.declaredPublic)).toEqual(['task', 'promptLength', 'learningRate', 'optimizer'])
  })

  test('names the person as the unit, with the rows that take part', () => {
    const certificate = buildCertificate({ ...PARTS, plan: { ...PLAN, maxRowsPerPerson: 6 } })
    expect(certificate.privacy).toMatchObject({ unit: 'person', maxRowsPerPerson: 6 })
    expect(Certificate.parse(certificate)).toEqual(certificate)
  })

  test.each<Partial<MechanismClaim>>([{ unit: 'person' }, { maxRowsPerPerson: 4 }])(
    'contradicts itself: %o',
    (claim) => {
      errorOf('certificate', () => checkCertificate(claiming(claim)))
    },
  )

  test('says so when private data steered the choice', () => {
    const selection = 'saw private data; ε does not cover the choice'
    expect(buildCertificate({ ...PARTS, plan: PLAN, selection }).selection).toBe(selection)
  })

  test('of a run without differential privacy claims none', () => {
    const certificate = buildCertificate({ ...PARTS, plan: { ...PLAN, privacy: null } })
    expect(certificate).toMatchObject({ privacy: null, selection: 'no differential privacy' })
    expect(checkCertificate(certificate)).toEqual({ epsilon: null })
  })

  test('is not built for a plan whose ε does not follow from its numbers', () => {
    errorOf('certificate', () => buildCertificate({ ...PARTS, plan: { ...PLAN, steps: 313 } }))
    // The rate that the sampler drew by must be the one that was accounted for.
    const sampleRate = PLAN.sampleRate * 1.01
    errorOf('certificate', () => buildCertificate({ ...PARTS, plan: { ...PLAN, sampleRate } }))
  })

  test('survives the wire', () => {
    expect(checkCertificate(JSON.parse(JSON.stringify(built)) as Certificate)).toEqual(checkCertificate(built))
  })
})

describe('the check of a claim', () => {
  const honest = PLAN.privacy?.epsilonPlanned ?? 0

  test('takes more than its numbers give, and less within the tolerance', () => {
    expect(checkCertificate(claiming({ epsilon: 100 })).epsilon).toBe(honest)
    expect(checkCertificate(claiming({ epsilon: honest * (1 - 0.9e-4) })).epsilon).toBe(honest)
  })

  test.each<Partial<MechanismClaim>>([
    { epsilon: honest * (1 - 1.1e-4) },
    { sigma: 0.5 },
    { steps: 100_000 },
    { sampleRate: 1 },
    { delta: 1e-9 },
    { sigma: 1e-300 },
    { sigma: 5e-324, sampleRate: 1e-9, steps: Number.MAX_SAFE_INTEGER },
    { sampleRate: 0.064 * 1.01 },
    { sampleRate: 0.064 * 0.5, sigma: 0.5 },
  ])('refuses %o', (claim) => {
    errorOf('certificate', () => checkCertificate(claiming(claim)))
  })

  test.each<Partial<MechanismClaim>>([
    { epsilon: Number.NaN },
    { epsilon: -1 },
    { epsilon: Infinity },
    { sigma: Infinity },
    { sigma: 0 },
    { delta: 1 },
    { steps: 0.5 },
  ])('refuses %o, which no schema of ours lets through', (claim) => {
    errorOf('certificate', () => checkCertificate(claiming(claim)))
  })

  test('refuses a selection that contradicts the claim', () => {
    errorOf('certificate', () => checkCertificate({ ...built, selection: 'no differential privacy' }))
    errorOf('certificate', () => checkCertificate({ ...built, privacy: null }))
  })
})
