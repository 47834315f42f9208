import { useEffect, useRef } from 'react'
import { useOffline } from '../engine/offline.ts'
import { useRuns } from '../engine/runs.ts'
import { EgressPanel } from '../features/egress/Panel.tsx'
import { Button } from '../ui/Button.tsx'
import { cx } from '../ui/cx.ts'
import { formatPercent } from '../ui/format.ts'
import styles from './App.module.css'
import { SHELL_COPY, STEP_COPY } from './copy.ts'
import { ErrorBoundary } from './ErrorBoundary.tsx'
import { LanguageChoice } from './LanguageChoice.tsx'
import { goTo, useNavigation } from './navigation.ts'
import { StepRail } from './StepRail.tsx'
import { HISTORY, JOURNEY, WORKSHOP } from './steps.ts'
import { useStepStates } from './stepStates.ts'
import { ThemeChoice } from './ThemeChoice.tsx'
import { UpdateNotice } from './UpdateNotice.tsx'

export function App() {
  useTabTitle()
  return (
    <>
      <a href="#step-title" className={styles.skip} onClick={skipToStep}>
        {SHELL_COPY.skip}
      </a>
      <div className={styles.stripe} aria-hidden="true" />
      <div className={styles.layout}>
        <header className={styles.masthead}>
          <a href="#model" className={styles.brand}>
            <img src="icon.svg" alt="" width="36" height="36" />
            <span className={styles.name}>{SHELL_COPY.brand}</span>
            <span className={styles.tagline}>{SHELL_COPY.tagline}</span>
          </a>
        </header>
        <aside className={styles.side}>
          <StepRail />
        </aside>
        <div className={styles.column}>
          <UpdateNotice />
          <StepPage />
          <EgressPanel />
        </div>
        <footer className={styles.foot}>
          <ThemeChoice />
          <LanguageChoice />
          <OfflineLine />
        </footer>
      </div>
    </>
  )
}

/** Whether the page would open without a network. */
function OfflineLine() {
  const status = useOffline((state) => state.status)
  return <p className={styles.offline}>{SHELL_COPY.offline[status]}</p>
}

/** The fragment names the step, so the skip link moves the focus itself. */
function skipToStep(event: { preventDefault(): void }) {
  event.preventDefault()
  document.querySelector<HTMLElement>('#step-title')?.focus()
}

function StepPage() {
  const current = useNavigation((state) => state.current)
  const states = useStepStates()
  const place = JOURNEY.findIndex(({ id }) => id === current)
  const { Panel } = JOURNEY[place] ?? (current === 'workshop' ? WORKSHOP : HISTORY)
  const previous = place > 0 ? JOURNEY[place - 1] : undefined
  const next = place < 0 ? undefined : JOURNEY[place + 1]
  const copy = STEP_COPY[current]
  const canGoOn = next !== undefined && states[next.id] !== 'waiting'
  const title = useFocusOnChange(current)
  return (
    <main className={styles.main}>
      <header className={styles.intro}>
        <p className={styles.eyebrow}>
          {place < 0
            ? SHELL_COPY.aside[current === 'workshop' ? 'workshop' : 'runs']
            : SHELL_COPY.stepOf(place + 1, JOURNEY.length)}
        </p>
        <h1 id="step-title" ref={title} tabIndex={-1} className={styles.title}>
          {copy.title}
        </h1>
        <p className={styles.lead}>{copy.lead}</p>
      </header>
      <output className="visually-hidden">{states[current] === 'done' ? SHELL_COPY.stepDone(copy.name) : ''}</output>
      <div className={styles.panel}>
        <ErrorBoundary key={current}>
          <Panel />
        </ErrorBoundary>
      </div>
      <nav className={cx(styles.turn, place < 0 && styles.hidden)} aria-label={SHELL_COPY.turn}>
        {previous === undefined ? (
          <span />
        ) : (
          <Button variant="quiet" onClick={() => goTo(previous.id)}>
            {SHELL_COPY.back(STEP_COPY[previous.id].name)}
          </Button>
        )}
        {next === undefined ? null : (
          <span className={styles.next}>
            {canGoOn ? null : <span className={styles.wait}>{copy.wait}</span>}
            <Button variant="primary" disabled={!canGoOn} onClick={() => goTo(next.id)}>
              {SHELL_COPY.next(STEP_COPY[next.id].name)}
            </Button>
          </span>
        )}
      </nav>
    </main>
  )
}

/** The tab says how far the run is, since people look elsewhere meanwhile. */
function useTabTitle(): void {
  const current = useNavigation((state) => state.current)
  const tuned = useRuns(({ runs }) => {
    const run = runs.find(({ status }) => status === 'running')
    return run === undefined ? null : Math.floor((100 * run.stepsDone) / run.plan.steps)
  })
  useEffect(() => {
    document.title =
      tuned === null ? SHELL_COPY.tab(STEP_COPY[current].name) : SHELL_COPY.tabAtWork(formatPercent(tuned / 100))
  }, [current, tuned])
}

/** After a change of step the reader's place is its title, not the button that was pressed. */
function useFocusOnChange(step: string) {
  const title = useRef<HTMLHeadingElement>(null)
  const shown = useRef(step)
  useEffect(() => {
    if (shown.current === step) return
    shown.current = step
    title.current?.focus({ preventScroll: true })
    scrollTo({ top: 0 })
  }, [step])
  return title
}
