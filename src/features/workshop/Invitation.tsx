import { Card } from '../../ui/Card.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { WORKSHOP_COPY } from './copy.ts'
import styles from './Workshop.module.css'
import { useWorkshop } from './store.ts'

export function InvitationCard() {
  const invitation = useWorkshop((state) => state.invitation)
  const words = WORKSHOP_COPY.invitation
  if (invitation === null) return <Notice>{words.elsewhere}</Notice>
  return (
    <Card title={words.title} lead={words.lead}>
      <div className={styles.invitation}>
        <QrPicture rows={invitation.qr} />
        <div className={styles.words}>
          <p>
            {words.address}
            <br />
            <code className={styles.address}>{invitation.address}</code>
          </p>
          <h3 className={styles.heading}>{words.warning.title}</h3>
          <p>{words.warning.detail}</p>
          <code className={styles.address}>{invitation.fingerprint}</code>
          <p className={styles.small}>{words.install}</p>
        </div>
      </div>
    </Card>
  )
}

/** Modules of quiet around a code (ISO/IEC 18004, section 6.3.8). */
const QUIET = 4

/** Dark on light in every theme, since readers expect it. */
function QrPicture({ rows }: { readonly rows: readonly string[] }) {
  const size = rows.length + 2 * QUIET
  // One stroke for each run of dark modules.
  const path = rows
    .flatMap((row, y) =>
      Array.from(
        row.matchAll(/1+/g),
        ({ 0: run, index }) => `M${index + QUIET} ${y + QUIET}h${run.length}v1h-${run.length}z`,
      ),
    )
    .join('')
  return (
    <svg viewBox={`0 0 ${size} ${size}`} className={styles.code} role="img" aria-label={WORKSHOP_COPY.invitation.code}>
      <rect width={size} height={size} fill="#ffffff" />
      <path d={path} fill="#000000" shapeRendering="crispEdges" />
    </svg>
  )
}
