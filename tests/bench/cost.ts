/**
 * The paper's cost claim: full prompt tuning on the teacher against tuning the student and transferring, on the same
 * engine. A step costs the same from the first to the last, so the cost of a run follows from its rates.
 */
import { STUDENT_TUNE, TEACHER_TRANSFER, TEACHER_TUNE, type Group } from './cases.ts'
import type { Measurement } from './measure.ts'
import type { CaseName, Spec, VariantName } from './types.ts'

/** What a transfer takes on a host without a GPU by default (`workers/transfer/plan.ts`). */
const TRANSFER = { texts: 512, steps: 250, batch: 16 } as const
/** Examples that tuning goes through: a small file, the defaults (25 steps of 1,024), a large file. */
const EXAMPLES = [6_400, 25_600, 256_000] as const

export function costGroups(): Group[] {
  const constants = { ...STUDENT_TUNE, case: 'constants', model: TEACHER_TUNE.model } as const
  const transfer = { ...TEACHER_TRANSFER, batch: TRANSFER.batch }
  return [
    {
      specs: [spec(TEACHER_TUNE, 'autodiff'), spec(TEACHER_TUNE), spec(STUDENT_TUNE), spec(transfer), spec(constants)],
      passes: 3,
    },
  ]
}

function spec(setting: Omit<Spec, 'variant' | 'backend'>, variant: VariantName = 'ours'): Spec {
  return { ...setting, variant, backend: 'wasm' }
}

export function costTable(measurements: readonly Measurement[]): string {
  const rate = (name: CaseName, model: string, variant: VariantName = 'ours'): number =>
    measurements.find((one) => one.case === name && one.model === model && one.variant === variant)
      ?.examplesPerSecond ?? Number.NaN
  const teacher = TEACHER_TUNE.model
  const transferSeconds =
    TRANSFER.texts / rate('constants', teacher) + (TRANSFER.steps * TRANSFER.batch) / rate('transfer', teacher)
  const lines = EXAMPLES.map((examples) => {
    const first = examples / rate('tune', teacher, 'autodiff')
    const full = examples / rate('tune', teacher)
    const student = examples / rate('tune', STUDENT_TUNE.model)
    const cells = [
      String(examples).padStart(8),
      ...[first, full, student, transferSeconds].map((seconds) => `${seconds.toFixed(0)} s`.padStart(9)),
      `${(full / student).toFixed(2)}x`.padStart(8),
      `${(full / (student + transferSeconds)).toFixed(2)}x`.padStart(8),
      `${(first / (student + transferSeconds)).toFixed(1)}x`.padStart(8),
    ]
    return cells.join('  ')
  })
  return [
    'examples  teacher,   teacher,  student,  transfer  tuning    with     against',
    '          first      ours      ours                alone     transfer first version',
    ...lines,
    '',
  ].join('\n')
}
