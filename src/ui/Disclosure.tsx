import type { ReactNode } from 'react'
import styles from './Disclosure.module.css'

/** Something folded away until it is asked for; the browser's own element. */
export function Disclosure({ summary, children }: { readonly summary: ReactNode; readonly children: ReactNode }) {
  return (
    <details className={styles.details}>
      <summary className={styles.summary}>{summary}</summary>
      <div className={styles.body}>{children}</div>
    </details>
  )
}
