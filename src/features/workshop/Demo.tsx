import { useState } from 'react'
import { Card } from '../../ui/Card.tsx'
import { cx } from '../../ui/cx.ts'
import { formatPercent } from '../../ui/format.ts'
import { Table } from '../../ui/Table.tsx'
import { GuessGrid } from '../privacy/GuessGrid.tsx'
import { WORKSHOP_COPY } from './copy.ts'
import { MEASURED, type Measured, WITHOUT_PROMPT } from './measured.ts'
import styles from './Workshop.module.css'

const words = WORKSHOP_COPY.demo

function nameOf({ epsilon }: Measured): string {
  return epsilon === null ? words.noneLong : words.epsilon(epsilon)
}

/** Large enough for the last row of a room. */
export function Demo() {
  const [place, setPlace] = useState(0)
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
            figure={shown.accuracy === null ? words.notMeasured : formatPercent(shown.accuracy)}
            hint={words.without(formatPercent(WITHOUT_PROMPT))}
          />
          <BigFigure
            term={words.guesses}
            figure={words.guessesOf(shown.guesses)}
            hint={shown.epsilon === null ? words.noLimit : words.chance}
          />
          <BigFigure
            term={words.attack}
            figure={shown.attack === null ? words.notMeasured : words.attackOf(shown.attack.toFixed(2))}
            hint={words.attackHint}
          />
        </dl>
      </div>
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
            measured.accuracy === null ? words.notMeasured : formatPercent(measured.accuracy, 1),
            words.guessesOf(measured.guesses),
            measured.attack === null ? words.notMeasured : measured.attack.toFixed(3),
          ],
        }))}
      />
      <p className={styles.small}>{words.source}</p>
    </Card>
  )
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
