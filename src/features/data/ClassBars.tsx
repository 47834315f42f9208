import type { DataReport } from '../../../workers/protocol/tuner.ts'
import { formatCount } from '../../ui/format.ts'
import styles from './ClassBars.module.css'
import { DATA_COPY } from './copy.ts'

/** More than these say nothing at a glance. */
const SHOWN = 16

export function ClassBars({ labels }: { readonly labels: DataReport['labels'] }) {
  const most = Math.max(...labels.map(({ rows }) => rows))
  const hidden = labels.length - SHOWN
  return (
    <section aria-label={DATA_COPY.file.classes} className={styles.section}>
      <h3 className={styles.title}>{DATA_COPY.file.classes}</h3>
      <ul className={styles.list}>
        {labels.slice(0, SHOWN).map(({ label, rows }) => (
          <li key={label} className={styles.row}>
            <span className={styles.label}>{label}</span>
            <span className={styles.bar} style={{ '--share': `${(rows / most) * 100}%` }} aria-hidden="true" />
            <span className={styles.count}>{formatCount(rows)}</span>
          </li>
        ))}
      </ul>
      {hidden > 0 ? <p className={styles.more}>{DATA_COPY.file.more(formatCount(hidden))}</p> : null}
    </section>
  )
}
