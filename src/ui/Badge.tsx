import type { ReactNode } from 'react'
import styles from './Badge.module.css'
import { cx } from './cx.ts'

type BadgeProps = { readonly tone?: 'plain' | 'good' | 'warn' | 'seal' | 'post'; readonly children: ReactNode }

/** A word or two on the state of something. The words carry the meaning, the colour only helps. */
export function Badge({ tone = 'plain', children }: BadgeProps) {
  return <span className={cx(styles.badge, styles[tone])}>{children}</span>
}
