import type { ReactNode } from 'react'
import { cx } from './cx.ts'
import styles from './Notice.module.css'

export type NoticeTone = 'info' | 'good' | 'warn' | 'error'

type NoticeProps = {
  readonly tone?: NoticeTone
  readonly title?: ReactNode
  readonly children?: ReactNode
  readonly actions?: ReactNode
  /** Announced by a screen reader when it appears. */
  readonly live?: boolean
}

export function Notice({ tone = 'info', title, children, actions, live = false }: NoticeProps) {
  const role = tone === 'error' ? 'alert' : live ? 'status' : undefined
  return (
    <div className={cx(styles.notice, styles[tone])} role={role}>
      {title === undefined ? null : <p className={styles.title}>{title}</p>}
      {children === undefined ? null : <div className={styles.body}>{children}</div>}
      {actions === undefined ? null : <div className={styles.actions}>{actions}</div>}
    </div>
  )
}
