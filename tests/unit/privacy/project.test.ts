import { describe, expect, test } from 'vitest'
import { buildCertificate, checkCertificate } from '../../../workers/privacy/certificate.ts'
import { Ledger } from '../../../workers/privacy/ledger/ledger.ts'
import { planPrivacy } from '../../../workers/privacy/plan.ts'
import { projectEpsilon } from '../../../workers/privacy/project.ts'
import { Certificate, PROJECT_RUNS, type ProjectClaim } from '../../../workers/protocol/certificate.ts'
import type { PlannedMechanism } from '../../../workers/protocol/ledger.ts'
import type { TuningPlan } from '../../../workers/protocol/tuning.ts'
import { mechanismOf } from '../../../workers/tune/units.ts'
import { errorOf, rejectionOf } from '../model/support.ts'
import { TASK } from '../tune/support.ts'
import { MECHANISM, MemoryStore, newRun, setOf, textsOf } from './ledger/support.ts'

const facts = { trainRows: 1_800, sampleRate: 0.05, steps: 60, clipNorm: 0.1 }
const PLAN: TuningPlan = {
  task: TASK,
  promptLength: 5,
  batchSize: 90,
  learningRate: 0.01,
  optimizer: 'adam',
  checkpointEvery: 5,
  ...facts,
  privacy: planPrivacy({ ...facts, epsilon: 4, delta: 1e-5, heldOutRows: 200 }),
}
const PARTS = { plan: PLAN, student: { id: 'student', sha256: 'ab'.repeat(32) }, promptSha256: 'cd'.repeat(32) }

async function ledgerOf(...mechanisms: readonly (PlannedMechanism | null)[]) {
  const store = await MemoryStore.create()
  const ledger = new Ledger(store, { defaultBudget: 100 })
  const units = await setOf(textsOf(0, 100), store.sign)
  const ids = []
  for (const mechanism of mechanisms) {
    const run = newRun(mechanism)
    await ledger.reserve(units, [run])
    ids.push(run.id)
  }
  return { ledger, ids, units }
}

const own = mechanismOf(PLAN)

describe('the project of a certificate', () => {
  test('is the run itself where nothing else is declared, whatever else shares its rows', async () => {
    const { ledger, ids } = await ledgerOf(MECHANISM, own)
    const project = await ledger.project(ids[1] ?? '', [])
    expect(project).toMatchObject({ composition: 'fixed-plans', delta: 1e-5, runs: [{ sigma: own?.sigma, steps: 60 }] })
    expect(project.epsilon).toBeCloseTo(PLAN.privacy?.epsilonPlanned ?? 0, 3)
    const certificate = buildCertificate({ ...PARTS, project })
    expect(Certificate.parse(JSON.parse(JSON.stringify(certificate)))).toEqual(certificate)
  })

  test('holds every declared run with all its planned steps, and checks', async () => {
    const { ledger, ids, units } = await ledgerOf(MECHANISM, own, null)
    await ledger.spend(ids[0] ?? '', 3)
    await ledger.end(ids[0] ?? '')
    expect(await ledger.privateRunsOn(units)).toEqual(ids.slice(0, 2))
    const project = await ledger.project(ids[1] ?? '', [ids[0] ?? ''])
    expect(project.composition).toBe('renyi-filter')
    expect(project.runs.map(({ steps }) => steps)).toEqual([MECHANISM.steps, 60])
    expect(project.epsilon).toBe(projectEpsilon(project, 1e-5))
    expect(project.epsilon).toBeGreaterThan(PLAN.privacy?.epsilonPlanned ?? 0)
    const text = JSON.stringify(buildCertificate({ ...PARTS, project }))
    for (const secret of [...ids, 'rows.csv']) expect(text).not.toContain(secret)
  })

  test('cannot hold runs that are unknown, without DP, or of another unit', async () => {
    const { ledger, ids, units } = await ledgerOf(own, null)
    await rejectionOf('ledger', ledger.project(ids[0] ?? '', [crypto.randomUUID()]))
    await rejectionOf('ledger', ledger.project(ids[0] ?? '', [ids[1] ?? '']))
    await rejectionOf('ledger', ledger.project(ids[1] ?? '', []))
    const many = Array.from({ length: PROJECT_RUNS }, () => newRun({ ...MECHANISM, sigma: 50 }))
    await ledger.reserve(units, many)
    await rejectionOf(
      'ledger',
      ledger.project(
        ids[0] ?? '',
        many.map(({ id }) => id),
      ),
    )
  })

  test('is refused where it claims less than its runs give, leaves this one out, or has another δ', async () => {
    const { ledger, ids } = await ledgerOf(MECHANISM, own)
    const project = await ledger.project(ids[1] ?? '', [ids[0] ?? ''])
    const certificate = buildCertificate({ ...PARTS, project })
    const claiming = (claim: Partial<ProjectClaim>): Certificate => ({
      ...certificate,
      project: { ...project, ...claim },
    })
    const { message } = errorOf('certificate', () => checkCertificate(claiming({ epsilon: project.epsilon * 0.999 })))
    expect(message).toContain('for its project')
    errorOf('certificate', () => checkCertificate(claiming({ runs: project.runs.slice(0, 1) })))
    errorOf('certificate', () => checkCertificate(claiming({ delta: 1e-4 })))
    errorOf('certificate', () => checkCertificate(claiming({ runs: [] })))
    // A run of nothing but noised counts gives them away all the same.
    const counted = project.runs.map((run) => ({ ...run, heldOut: { sigma: 0.5, evaluations: 20 } }))
    errorOf('certificate', () => checkCertificate(claiming({ runs: counted })))
    checkCertificate(claiming({ epsilon: project.epsilon * 2 }))
    errorOf('certificate', () =>
      checkCertificate({ ...certificate, privacy: null, selection: 'no differential privacy' }),
    )
  })

  test('of the most hostile numbers is checked all the same', async () => {
    const { ledger, ids } = await ledgerOf(own)
    const project = await ledger.project(ids[0] ?? '', [])
    const certificate = buildCertificate({ ...PARTS, project })
    const [first] = project.runs
    if (first === undefined) throw new Error('one run')
    const runs = Array.from({ length: PROJECT_RUNS - 1 }, (_, index) => ({
      sigma: 10 ** (index % 7) / 1_000,
      sampleRate: 10 ** -(index % 12),
      steps: Number.MAX_SAFE_INTEGER - index,
      heldOut: { sigma: 1e-3 * (index + 1), evaluations: Number.MAX_SAFE_INTEGER },
    }))
    for (const composition of ['fixed-plans', 'renyi-filter'] as const) {
      const hostile = { ...certificate, project: { ...project, composition, runs: [first, ...runs] } }
      errorOf('certificate', () => checkCertificate(hostile))
    }
  })
})
