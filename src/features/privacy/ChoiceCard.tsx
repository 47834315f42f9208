import { Card } from '../../ui/Card.tsx'
import { cx } from '../../ui/cx.ts'
import { Slider } from '../../ui/Slider.tsx'
import { choose, setEpsilon } from './actions.ts'
import styles from './ChoiceCard.module.css'
import { PRIVACY_COPY } from './copy.ts'
import { EPSILON_STOPS, strengthOf } from './levels.ts'
import { usePrivacy } from './store.ts'

export function ChoiceCard() {
  const choice = usePrivacy((state) => state.choice)
  const words = PRIVACY_COPY.choice
  return (
    <Card title={words.title}>
      <fieldset className={styles.options}>
        <legend className="visually-hidden">{words.title}</legend>
        <Option value="private" title={words.private} hint={words.privateHint} isChosen={choice === 'private'} />
        <Option value="none" title={words.none} hint={words.noneHint} isChosen={choice === 'none'} />
      </fieldset>
      {choice === 'private' ? <Strength /> : null}
    </Card>
  )
}

type OptionProps = {
  readonly value: 'private' | 'none'
  readonly title: string
  readonly hint: string
  readonly isChosen: boolean
}

function Option({ value, title, hint, isChosen }: OptionProps) {
  return (
    <label className={cx(styles.option, isChosen && styles.chosen)}>
      <input type="radio" name="protection" checked={isChosen} onChange={() => choose(value)} />
      <span className={styles.title}>{title}</span>
      <span className={styles.hint}>{hint}</span>
    </label>
  )
}

function Strength() {
  const epsilon = usePrivacy((state) => state.epsilon)
  const words = PRIVACY_COPY.slider
  const strength = strengthOf(epsilon)
  const stop = EPSILON_STOPS.findIndex((value) => value === epsilon)
  return (
    <div className={styles.strength}>
      <p className={styles.level}>
        <span className={styles.levelName}>{words.words[strength]}</span>
        <span className={styles.epsilon}>ε = {epsilon}</span>
      </p>
      <Slider
        label={words.label}
        track="fading"
        min={0}
        max={EPSILON_STOPS.length - 1}
        value={stop}
        valueText={words.valueText(words.words[strength], epsilon)}
        onChange={(place) => {
          const next = EPSILON_STOPS[place]
          if (next !== undefined) setEpsilon(next)
        }}
      />
      <p className={styles.ends} aria-hidden="true">
        <span>{words.strong}</span>
        <span>{words.weak}</span>
      </p>
      <p className={styles.effect}>{words.effect[strength]}</p>
    </div>
  )
}
