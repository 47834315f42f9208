import { STEP_COPY } from '../../app/copy.ts'
import { goTo } from '../../app/navigation.ts'
import { useStepStates } from '../../app/stepStates.ts'
import { Badge } from '../../ui/Badge.tsx'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { WORKSHOP_COPY } from './copy.ts'
import styles from './Workshop.module.css'

const STOPS = ['model', 'data', 'privacy', 'tune', 'try', 'send', 'use'] as const

export function Tour() {
  const states = useStepStates()
  const words = WORKSHOP_COPY.tour
  const next = STOPS.find((id) => states[id] !== 'done')
  return (
    <Card title={words.title} lead={words.lead}>
      <ol className={styles.stops}>
        {STOPS.map((id) => (
          <li key={id} className={styles.stop}>
            <div className={styles.words}>
              <h3 className={styles.heading}>
                {STEP_COPY[id].name} {states[id] === 'done' ? <Badge tone="good">{words.done}</Badge> : null}
              </h3>
              <p>{words.stops[id]}</p>
            </div>
            <Button
              variant={id === next ? 'primary' : 'secondary'}
              disabled={states[id] === 'waiting'}
              onClick={() => goTo(id)}
            >
              {words.go(STEP_COPY[id].name)}
            </Button>
          </li>
        ))}
      </ol>
    </Card>
  )
}
