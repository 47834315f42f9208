import { assertNever } from '../../../workers/protocol/errors.ts'
import type { TuningPlan } from '../../../workers/protocol/tuning.ts'
import { Button } from '../../ui/Button.tsx'
import { Disclosure } from '../../ui/Disclosure.tsx'
import { TextField } from '../../ui/Field.tsx'
import { withLocalPoint } from '../../ui/format.ts'
import { clearKnobs, setKnob } from './actions.ts'
import { useData } from '../data/store.ts'
import styles from './Advanced.module.css'
import { PRIVACY_COPY } from './copy.ts'
import { KNOB_IDS, type KnobId } from './knobIds.ts'
import { usePrivacy } from './store.ts'

const PRIVATE_ONLY: ReadonlySet<KnobId> = new Set<KnobId>(['delta', 'clipNorm', 'maxRowsPerPerson'])

export function Advanced() {
  const { knobs, choice, report } = usePrivacy()
  const words = PRIVACY_COPY.knobs
  const hasPersons = useData((state) => (state.report?.personColumn ?? null) !== null)
  const shown = KNOB_IDS.filter(
    (id) => (choice === 'private' || !PRIVATE_ONLY.has(id)) && (hasPersons || id !== 'maxRowsPerPerson'),
  )
  return (
    <Disclosure summary={words.summary}>
      <p className={styles.hint}>{words.hint}</p>
      <div className={styles.grid}>
        {shown.map((id) => (
          <TextField
            key={id}
            label={words.name[id]}
            hint={words.why[id]}
            inputMode="decimal"
            value={knobs[id]}
            placeholder={report === null ? '' : words.chosen(written(plannedValue(id, report.plan)))}
            onChange={(event) => setKnob(id, event.currentTarget.value)}
          />
        ))}
      </div>
      <div>
        <Button variant="quiet" onClick={clearKnobs}>
          {words.reset}
        </Button>
      </div>
    </Disclosure>
  )
}

/** As a person would type it. */
function written(value: number | ''): string {
  return withLocalPoint(value !== '' && value < 1e-3 ? value.toExponential() : String(value))
}

function plannedValue(id: KnobId, plan: TuningPlan): number | '' {
  switch (id) {
    case 'delta':
    case 'clipNorm':
      return plan.privacy?.[id] ?? ''
    case 'promptLength':
    case 'batchSize':
    case 'steps':
    case 'learningRate':
      return plan[id]
    case 'maxRowsPerPerson':
      return plan.maxRowsPerPerson ?? ''
    default:
      return assertNever(id)
  }
}
