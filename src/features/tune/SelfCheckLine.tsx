import type { SelfCheck } from '../../../workers/protocol/tuner.ts'
import { formatCount } from '../../ui/format.ts'
import { Notice } from '../../ui/Notice.tsx'
import { TUNE_COPY } from './copy.ts'
import styles from './RunCard.module.css'

const CHECKS = ['moved', 'noise', 'finite'] as const

/** A small line where all is well, a notice where it is not. */
export function SelfCheckLine({ check }: { readonly check: SelfCheck }) {
  const words = TUNE_COPY.selfCheck
  const faults = CHECKS.filter((name) => check[name] === false)
  if (faults.length > 0) {
    return (
      <Notice tone="warn" title={words.faults.title} live>
        {faults.map((name) => (
          <p key={name}>{words.faults[name]}</p>
        ))}
      </Notice>
    )
  }
  const passed = CHECKS.filter((name) => check[name] === true).map((name) => words[name])
  return (
    <p className={styles.hint}>
      {words.good(formatCount(check.step))} {passed.join(', ')}.
    </p>
  )
}
