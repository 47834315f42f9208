import type { ReactNode } from 'react'
import styles from './Badge.module.css'
import { cx } from './cx.ts'

export type BadgeTone = 'plain' | 'good' | 'warn' | 'seal' | 'post'
type BadgeProps = { readonly tone?: BadgeTone; readonly children: ReactNode }

/** A word or two on the state of something. The words carry the meaning, the colour only helps. */
export function Badge({ tone = 'plain', children }: BadgeProps) {
  return <span className={cx(styles.badge, styles[tone])}>{children}</span>
}
