/** The request that the advanced settings make. */
import { SoftpostError } from '../../../workers/protocol/errors.ts'
import type { TuningPlan, TuningRequest } from '../../../workers/protocol/tuning.ts'
import { PRIVACY_COPY } from './copy.ts'
import { KNOB_IDS, type KnobId, type Knobs } from './knobIds.ts'

const WHOLE: ReadonlySet<KnobId> = new Set<KnobId>(['promptLength', 'batchSize', 'steps', 'maxRowsPerPerson'])

export type PrivacyChoice = 'private' | 'none'

/** What a plan protects. */
export function unitOf({ maxRowsPerPerson }: Pick<TuningPlan, 'maxRowsPerPerson'>): 'row' | 'person' {
  return maxRowsPerPerson === undefined ? 'row' : 'person'
}

type Wish = {
  readonly choice: PrivacyChoice
  readonly epsilon: number
  readonly knobs: Knobs
  readonly rows: number
  /** Whether the file says whose row each is: else there are no rows of a person. */
  readonly hasPersons: boolean
}

/** @throws SoftpostError `privacy-argument` for a field that is not a number of its kind. */
export function requestOf({ choice, epsilon, knobs, rows, hasPersons }: Wish): TuningRequest {
  const { delta, clipNorm, maxRowsPerPerson, ...rest } = Object.fromEntries(
    KNOB_IDS.flatMap((id) => {
      const value = readKnob(id, knobs[id])
      return value === null ? [] : [[id, value]]
    }),
  ) as Partial<Record<KnobId, number>>
  if (choice === 'none') return { ...rest, budget: null }
  return {
    ...rest,
    budget: { epsilon, delta: delta ?? defaultDelta(rows) },
    ...(clipNorm === undefined ? {} : { clipNorm }),
    ...(maxRowsPerPerson === undefined || !hasPersons ? {} : { maxRowsPerPerson }),
  }
}

/** A round public number, as the planner's own default (design section 6). */
function defaultDelta(rows: number): number {
  return rows > 10_000 ? 1e-6 : 1e-5
}

function readKnob(id: KnobId, typed: string): number | null {
  if (typed.trim() === '') return null
  const value = Number(typed.trim().replace(',', '.'))
  const isSound = value > 0 && Number.isFinite(value) && (!WHOLE.has(id) || Number.isInteger(value))
  if (isSound) return value
  const kind = WHOLE.has(id) ? 'a whole number above 0' : 'a number above 0'
  throw new SoftpostError(
    'privacy-argument',
    `${PRIVACY_COPY.knobs.name[id]}: "${typed}" is not ${kind}; change it or leave it empty`,
  )
}
