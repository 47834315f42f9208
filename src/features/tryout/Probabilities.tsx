import type { Prediction } from '../../../workers/protocol/tuner.ts'
import { cx } from '../../ui/cx.ts'
import { TRY_COPY } from './copy.ts'
import styles from './Probabilities.module.css'

type ProbabilitiesProps = { readonly title: string; readonly prediction: Prediction }

/** The answer in large type, and how the model divided it: most likely first, at most eight classes. */
export function Probabilities({ title, prediction }: ProbabilitiesProps) {
  const ranked = prediction.probabilities.toSorted((a, b) => b.probability - a.probability).slice(0, SHOWN)
  return (
    <div className={styles.box}>
      <p className={styles.title}>{title}</p>
      <p className={styles.answer}>{prediction.label}</p>
      <dl className={styles.list} aria-label={TRY_COPY.share}>
        {ranked.map(({ label, probability }) => (
          <div key={label} className={cx(styles.row, label === prediction.label && styles.first)}>
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

const SHOWN = 8

/** No share is shown as a certainty. */
function formatShare(probability: number): string {
  const percent = probability * 100
  if (percent > 99.5) return '> 99%'
  if (percent < 0.5) return '< 1%'
  return `${Math.round(percent)}%`
}
