import { cx } from '../ui/cx.ts'
import { SHELL_COPY, STEP_COPY } from './copy.ts'
import { type StepId, useNavigation } from './navigation.ts'
import styles from './StepRail.module.css'
import { useWorkshop } from '../features/workshop/store.ts'
import { HISTORY, JOURNEY, WORKSHOP } from './steps.ts'
import { type StepState, useStepStates } from './stepStates.ts'

/** The route: one stop per step, with what is done and what comes next. */
export function StepRail() {
  const current = useNavigation((state) => state.current)
  const states = useStepStates()
  const isWorkshop = useWorkshop((state) => state.isWorkshop)
  return (
    <nav aria-label={SHELL_COPY.steps} className={styles.rail}>
      <ol className={styles.route}>
        {JOURNEY.map(({ id }, index) => (
          <Stop key={id} id={id} mark={String(index + 1)} state={states[id]} isCurrent={current === id} />
        ))}
      </ol>
      <ul className={styles.aside}>
        <Stop id={HISTORY.id} mark="≡" state={states[HISTORY.id]} isCurrent={current === HISTORY.id} />
        {isWorkshop ? (
          <Stop id={WORKSHOP.id} mark="✦" state={states[WORKSHOP.id]} isCurrent={current === WORKSHOP.id} />
        ) : null}
      </ul>
    </nav>
  )
}

type StopProps = {
  readonly id: StepId
  readonly mark: string
  readonly state: StepState
  readonly isCurrent: boolean
}

function Stop({ id, mark, state, isCurrent }: StopProps) {
  return (
    <li className={cx(styles.stop, styles[state], isCurrent && styles.current)}>
      <a href={`#${id}`} className={styles.link} aria-current={isCurrent ? 'step' : undefined}>
        <span className={styles.mark} aria-hidden="true">
          {state === 'done' ? '✓' : mark}
        </span>
        <span className={styles.name}>{STEP_COPY[id].name}</span>
        <span className="visually-hidden">({SHELL_COPY.state[state]})</span>
      </a>
    </li>
  )
}
