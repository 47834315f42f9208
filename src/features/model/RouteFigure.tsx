import { MODEL_COPY } from './copy.ts'
import styles from './RouteFigure.module.css'

/** What stays and what travels, before anything else is asked of the person. */
export function RouteFigure() {
  const words = MODEL_COPY.route
  return (
    <figure className={styles.figure} aria-label={words.label}>
      <div className={styles.place}>
        <p className={styles.name}>{words.here.name}</p>
        <ul className={styles.things}>
          {words.here.things.map((thing) => (
            <li key={thing}>{thing}</li>
          ))}
        </ul>
      </div>
      <div className={styles.way}>
        <svg viewBox="0 0 56 40" className={styles.letter} aria-hidden="true">
          <rect x="1" y="1" width="54" height="38" rx="4" className={styles.paper} />
          <path d="M2 4l26 20L54 4" className={styles.flap} />
          <circle cx="28" cy="25" r="6" className={styles.seal} />
        </svg>
        <p className={styles.travels}>{words.travels}</p>
      </div>
      <div className={styles.place}>
        <p className={styles.name}>{words.there.name}</p>
        <ul className={styles.things}>
          {words.there.things.map((thing) => (
            <li key={thing}>{thing}</li>
          ))}
        </ul>
      </div>
    </figure>
  )
}
