import { type ReactNode, useId } from 'react'
import styles from './Card.module.css'
import { cx } from './cx.ts'

type CardProps = {
  readonly title?: ReactNode
  /** Beside the title: a badge or a small control. */
  readonly aside?: ReactNode
  readonly lead?: ReactNode
  readonly className?: string | undefined
  readonly children?: ReactNode
}

/** A sheet of paper on the desk: one subject with its heading. */
export function Card({ title, aside, lead, className, children }: CardProps) {
  const headingId = useId()
  return (
    <section className={cx(styles.card, className)} aria-labelledby={title === undefined ? undefined : headingId}>
      {title === undefined ? null : (
        <header className={styles.header}>
          <h2 id={headingId} className={styles.title}>
            {title}
          </h2>
          {aside}
        </header>
      )}
      {lead === undefined ? null : <p className={styles.lead}>{lead}</p>}
      {children}
    </section>
  )
}
