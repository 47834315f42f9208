import { useWake } from '../../engine/wakeLock.ts'
import { formatDuration } from '../../ui/format.ts'
import { Notice } from '../../ui/Notice.tsx'
import { TUNE_COPY } from './copy.ts'
import styles from './RunCard.module.css'

/** What holds a run back or keeps it going, on the device's side. */
export function WakeLine() {
  const { isHeld, sleptMs } = useWake()
  const words = TUNE_COPY.wake
  return (
    <>
      {sleptMs === null ? null : (
        <Notice tone="warn" title={words.slept(formatDuration(sleptMs / 1000))} live>
          <p>{words.sleptDetail}</p>
        </Notice>
      )}
      <p className={styles.hint}>{isHeld ? words.held : words.background}</p>
    </>
  )
}
