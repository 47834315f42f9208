import styles from './Progress.module.css'

type ProgressProps = {
  readonly label: string
  /** From 0 to 1; null while the amount of work is unknown. */
  readonly share: number | null
  /** What is done, in words: "3.1 of 7.5 MB". */
  readonly detail?: string | undefined
}

/** A native progress bar with its words. */
export function Progress({ label, share, detail }: ProgressProps) {
  return (
    <div className={styles.progress}>
      <div className={styles.words}>
        <span>{label}</span>
        {detail === undefined ? null : <span className={styles.detail}>{detail}</span>}
      </div>
      <progress className={styles.bar} aria-label={label} {...(share === null ? {} : { value: share, max: 1 })} />
    </div>
  )
}
