import { type Answer, answerWords, isText } from '../../../workers/protocol/answer.ts'
import { cx } from '../../ui/cx.ts'
import { formatPercent } from '../../ui/format.ts'
import { TRY_COPY } from './copy.ts'
import styles from './Probabilities.module.css'

type ProbabilitiesProps = { readonly title: string; readonly answer: Answer }

/**
 * The answer in large type, and how the model divided it: classes, most likely first, at most eight of them; of a text
 * each piece in its place.
 */
export function Probabilities({ title, answer }: ProbabilitiesProps) {
  return (
    <div className={styles.box}>
      <p className={styles.title}>{title}</p>
      <p className={styles.answer}>{answerWords(answer) === '' ? TRY_COPY.nothing : answerWords(answer)}</p>
      <dl className={styles.list} aria-label={isText(answer) ? TRY_COPY.pieces : TRY_COPY.share}>
        {partsOf(answer).map(({ key, label, probability, isFirst }) => (
          <div key={key} className={cx(styles.row, isFirst && styles.first)}>
            <dt className={styles.label}>{label}</dt>
            <dd className={styles.share}>
              {formatShare(probability)}
              <span className={styles.track} aria-hidden="true">
                <span className={styles.bar} style={{ '--share': `${(probability * 100).toFixed(1)}%` }} />
              </span>
            </dd>
          </div>
        ))}
      </dl>
    </div>
  )
}

type Part = {
  readonly key: string
  readonly label: string
  readonly probability: number
  readonly isFirst: boolean
}

function partsOf(answer: Answer): Part[] {
  if (isText(answer)) {
    return answer.tokens.map(({ text, probability }, place) => ({
      key: String(place),
      label: text,
      probability,
      isFirst: false,
    }))
  }
  return answer.probabilities
    .toSorted((a, b) => b.probability - a.probability)
    .slice(0, SHOWN)
    .map(({ label, probability }) => ({ key: label, label, probability, isFirst: label === answer.label }))
}

const SHOWN = 8

/** No share is shown as a certainty. */
function formatShare(probability: number): string {
  if (probability > 0.995) return `> ${formatPercent(0.99)}`
  if (probability < 0.005) return `< ${formatPercent(0.01)}`
  return formatPercent(probability)
}
