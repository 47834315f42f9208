import { useEffect, useRef } from 'react'
import type { Release } from '../../../workers/protocol/tuner.ts'
import { formatFigure } from '../../ui/format.ts'
import { SEND_COPY } from './copy.ts'
import { type Palette, paint, scaleOf } from './matrix.ts'
import styles from './MatrixPicture.module.css'

/** Paper between the brand's blue and red: of near-equal weight, and told apart by most who cannot see red. */
const PALETTE: Palette = { below: [190, 58, 32], zero: [246, 243, 236], above: [29, 63, 145] }

export function MatrixPicture({ values, shape: [rows, width] }: Pick<Release, 'values' | 'shape'>) {
  const copy = SEND_COPY.payload.picture
  const canvas = useRef<HTMLCanvasElement>(null)
  const scale = scaleOf(values)
  const [low, high] = [formatFigure(scale.low), formatFigure(scale.high)]
  useEffect(() => {
    const context = canvas.current?.getContext('2d')
    // A browser without a canvas still has the text and the table.
    context?.putImageData(new ImageData(paint(values, scaleOf(values), PALETTE), width, rows), 0, 0)
  }, [values, rows, width])
  return (
    <figure className={styles.figure}>
      <figcaption className={styles.caption}>
        <span className={styles.title}>{copy.title}</span>
        <span className={styles.lead}>{copy.lead}</span>
      </figcaption>
      <div className={styles.frame}>
        <span className={styles.rows}>{copy.rows(rows)}</span>
        <canvas
          ref={canvas}
          className={styles.canvas}
          width={width}
          height={rows}
          // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role -- its pixels are painted, not loaded
          role="img"
          aria-label={copy.alt(rows, width, low, high)}
        />
        <span className={styles.columns}>{copy.columns(width)}</span>
        <p className={styles.legend}>
          <span>{copy.low(low)}</span>
          <span className={styles.ramp} aria-hidden="true" />
          <span>{copy.high(high)}</span>
        </p>
      </div>
    </figure>
  )
}
