import { useId } from 'react'
import { UI_COPY } from './copy.ts'
import styles from './ConfusionMatrix.module.css'
import { formatCount, formatPercent } from './format.ts'

type ConfusionMatrixProps = {
  readonly caption: string
  readonly classes: readonly string[]
  /** Counts [true class][predicted class]; noised ones may be negative. */
  readonly counts: readonly (readonly number[])[]
}

/** From this share on a cell is dark with light words; in between no words could be read. */
const STRONG = 0.5

/** Per cent of full colour. */
function shadeOf(share: number): number {
  return share > STRONG ? 85 + 15 * share : 75 * share
}

/** A table first; the shade of a cell is its share of the true class. */
export function ConfusionMatrix({ caption, classes, counts }: ConfusionMatrixProps) {
  const captionId = useId()
  return (
    <div className={styles.figure}>
      {/* Beside the box that scrolls, so that it is read whole on a narrow screen. */}
      <p id={captionId} className={styles.caption}>
        {caption}
      </p>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a box that scrolls must be reachable by keyboard */}
      <section className={styles.frame} aria-labelledby={captionId} tabIndex={0}>
        <table className={styles.matrix} aria-labelledby={captionId}>
          <thead>
            <tr>
              <th scope="col" className={styles.corner}>
                {UI_COPY.matrix.corner}
              </th>
              {classes.map((name) => (
                <th key={name} scope="col" className={styles.column}>
                  {name}
                </th>
              ))}
              <th scope="col" className={styles.column}>
                {UI_COPY.matrix.found}
              </th>
            </tr>
          </thead>
          <tbody>
            {classes.map((name, truth) => {
              const row = classes.map((_, predicted) => Math.max(0, counts[truth]?.[predicted] ?? 0))
              const total = row.reduce((sum, count) => sum + count, 0)
              const share = (count: number) => (total > 0 ? count / total : 0)
              return (
                <tr key={name}>
                  <th scope="row" className={styles.row}>
                    {name}
                  </th>
                  {row.map((count, predicted) => (
                    <td
                      key={classes[predicted]}
                      className={predicted === truth ? styles.right : styles.wrong}
                      style={{ '--shade': `${Math.round(shadeOf(share(count)))}%` }}
                      data-strong={share(count) > STRONG ? '' : undefined}
                    >
                      {formatCount(count)}
                    </td>
                  ))}
                  <td className={styles.recall}>{total > 0 ? formatPercent(share(row[truth] ?? 0)) : '–'}</td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </section>
    </div>
  )
}
