import { PRIVACY_COPY } from './copy.ts'
import styles from './GuessGrid.module.css'

const BY_CHANCE = 50
const PLACES = Array.from({ length: 100 }, (_, index) => index)

/** A hundred guesses: half are right by chance, some more thanks to the prompt. */
export function GuessGrid({ right }: { readonly right: number }) {
  const words = PRIVACY_COPY.odds
  return (
    <figure className={styles.figure}>
      <svg viewBox="0 0 100 100" className={styles.grid} role="img" aria-label={words.picture(right)}>
        {PLACES.map((place) => (
          <circle
            key={place}
            cx={5 + 10 * (place % 10)}
            cy={5 + 10 * Math.floor(place / 10)}
            r={place < right ? 3.6 : 3}
            className={place < BY_CHANCE ? styles.chance : place < right ? styles.gained : styles.wrong}
          />
        ))}
      </svg>
      <figcaption className={styles.legend} aria-hidden="true">
        <Key kind="chance" count={BY_CHANCE} label={words.chance} />
        <Key kind="gained" count={right - BY_CHANCE} label={words.gained} />
        <Key kind="wrong" count={100 - right} label={words.wrong} />
      </figcaption>
    </figure>
  )
}

type KeyProps = { readonly kind: 'chance' | 'gained' | 'wrong'; readonly count: number; readonly label: string }

function Key({ kind, count, label }: KeyProps) {
  return (
    <span className={styles.key}>
      <svg viewBox="0 0 10 10" className={styles.dot}>
        <circle cx="5" cy="5" r="4" className={styles[kind]} />
      </svg>
      {count} {label}
    </span>
  )
}
