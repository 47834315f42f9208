import { useState } from 'react'
import { assertNever } from '../../../workers/protocol/errors.ts'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { cx } from '../../ui/cx.ts'
import { formatPercent } from '../../ui/format.ts'
import { ErrorNotice } from '../../ui/ErrorNotice.tsx'
import { Progress } from '../../ui/Progress.tsx'
import { Table } from '../../ui/Table.tsx'
import { GuessGrid } from '../privacy/GuessGrid.tsx'
import { WORKSHOP_COPY } from './copy.ts'
import { type Attack, attackAll, useAttack } from './attack.ts'
import { MEASURED, type Measured, REAL_ROWS, WITHOUT_PROMPT } from './measured.ts'
import styles from './Workshop.module.css'

const words = WORKSHOP_COPY.demo

function nameOf({ epsilon }: Measured): string {
  return epsilon === null ? words.noneLong : words.epsilon(epsilon)
}

/** Large enough for the last row of a room. */
export function Demo() {
  const [place, setPlace] = useState(0)
  const attack = useAttack()
  const shown = MEASURED[place] ?? MEASURED[0]
  if (shown === undefined) return null
  return (
    <Card title={words.title} lead={words.lead}>
      <fieldset className={styles.choices}>
        <legend className="visually-hidden">{words.choose}</legend>
        {MEASURED.map((measured, index) => (
          <label key={nameOf(measured)} className={cx(styles.choice, index === place && styles.chosen)}>
            <input
              type="radio"
              name="strength"
              className="visually-hidden"
              checked={index === place}
              onChange={() => setPlace(index)}
            />
            {nameOf(measured)}
          </label>
        ))}
      </fieldset>
      <div className={styles.stage} aria-live="polite">
        <GuessGrid right={shown.guesses} />
        <dl className={styles.figures}>
          <BigFigure
            term={words.accuracy}
            figure={formatPercent(shown.accuracy)}
            hint={words.without(formatPercent(WITHOUT_PROMPT))}
          />
          <BigFigure
            term={words.guesses}
            figure={words.guessesOf(shown.guesses)}
            hint={shown.epsilon === null ? words.noLimit : words.chance}
          />
          <BigFigure term={words.attack} {...foundAt(shown, attack)} />
        </dl>
      </div>
      <AttackLine attack={attack} />
      <Table
        caption={words.table}
        columns={[
          { key: 'epsilon', title: words.columns.epsilon },
          { key: 'accuracy', title: words.columns.accuracy, align: 'end' },
          { key: 'guesses', title: words.columns.guesses, align: 'end' },
          { key: 'attack', title: words.columns.attack, align: 'end' },
        ]}
        rows={MEASURED.map((measured) => ({
          key: nameOf(measured),
          cells: [
            nameOf(measured),
            formatPercent(measured.accuracy, 1),
            words.guessesOf(measured.guesses),
            foundAt(measured, attack).figure,
          ],
        }))}
      />
      <p className={styles.small}>
        {words.realRows(Math.round(100 * REAL_ROWS.private), Math.round(100 * REAL_ROWS.plain))}
      </p>
      <p className={styles.small}>{words.source}</p>
    </Card>
  )
}

/** What the attack found at this strength, as far as it has got. */
function foundAt({ epsilon }: Measured, { found }: Attack): { readonly figure: string; readonly hint: string } {
  if (epsilon === null) return { figure: words.guessesOf(100), hint: words.noNoise }
  const report = found[epsilon]
  if (report === undefined) return { figure: words.notYet, hint: words.attackHint }
  const { correct, guesses } = report
  return { figure: words.guessesOf(Math.round((100 * correct) / guesses)), hint: words.allowed(mostRight(epsilon)) }
}

function start(): void {
  void attackAll()
}

/** Right guesses in 100 that ε allows on rows of the attacker's choice, in or out by a fair coin; δ adds next to nothing. */
function mostRight(epsilon: number): number {
  return Math.round(100 / (1 + Math.exp(-epsilon)))
}

/** The button of the attack, and how far it is. */
function AttackLine({ attack }: { readonly attack: Attack }) {
  switch (attack.status) {
    case 'idle':
    case 'done':
      return (
        <div>
          <Button onClick={start}>{attack.status === 'done' ? words.attackAgain : words.attackNow}</Button>
        </div>
      )
    case 'working':
      return <Progress label={words.attacking} share={attack.share} />
    case 'failed':
      return attack.error === null ? null : (
        <ErrorNotice
          error={attack.error}
          safe={words.attackSafe}
          actions={<Button onClick={start}>{words.attackAgain}</Button>}
        />
      )
    default:
      return assertNever(attack.status)
  }
}

type BigFigureProps = { readonly term: string; readonly figure: string; readonly hint: string }

function BigFigure({ term, figure, hint }: BigFigureProps) {
  return (
    <div>
      <dt className={styles.term}>{term}</dt>
      <dd>
        <span className={styles.big}>{figure}</span>
        <span className={styles.small}>{hint}</span>
      </dd>
    </div>
  )
}
