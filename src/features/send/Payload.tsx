import { PARTS } from '../../../workers/protocol/wire.ts'
import { SAW_PRIVATE } from '../../../workers/protocol/certificate.ts'
import type { Release } from '../../../workers/protocol/tuner.ts'
import type { TransferUpload, UploadPart } from '../../engine/upload.ts'
import { Card } from '../../ui/Card.tsx'
import { Disclosure } from '../../ui/Disclosure.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { CertificateFacts, TaskFacts } from './PayloadFacts.tsx'
import { SEND_COPY } from './copy.ts'
import { MatrixPicture } from './MatrixPicture.tsx'
import styles from './Payload.module.css'

type PayloadProps = { readonly release: Release; readonly upload: TransferUpload; readonly endpoint: string }

/** Everything that would leave the device, from the very bytes that would be sent. */
export function Payload({ release, upload, endpoint }: PayloadProps) {
  const copy = SEND_COPY.payload
  const { request, parts, body } = upload
  return (
    <Card title={copy.title} lead={copy.lead}>
      {request.certificate.privacy === null ? (
        <Notice tone="warn" title={SEND_COPY.noPrivacy.title}>
          {SEND_COPY.noPrivacy.detail}
        </Notice>
      ) : null}
      {request.certificate.selection === SAW_PRIVATE ? (
        <Notice tone="warn" title={SEND_COPY.sawPrivate.title}>
          {SEND_COPY.sawPrivate.detail}
        </Notice>
      ) : null}
      <p className={styles.address}>
        {copy.to} <code>{`${endpoint}v1/transfers`}</code>, {copy.totalValue(body.bytes.byteLength)}
      </p>
      <PartList parts={parts} />
      <p className={styles.note}>{copy.key}</p>
      <MatrixPicture values={release.values} shape={release.shape} />
      <CertificateFacts request={request} />
      <TaskFacts task={request.task} />
      <div>
        {parts.map((part) => (
          <Disclosure key={part.name} summary={copy.full(part.name)}>
            <InFull part={part} />
          </Disclosure>
        ))}
      </div>
      <div className={styles.stays}>
        <h3 className={styles.heading}>{copy.stays.title}</h3>
        <ul className={styles.list}>
          {copy.stays.items.map((item) => (
            <li key={item}>{item}</li>
          ))}
        </ul>
      </div>
    </Card>
  )
}

function PartList({ parts }: { readonly parts: readonly UploadPart[] }) {
  const copy = SEND_COPY.payload
  return (
    <ul className={styles.parts} aria-label={copy.list}>
      {parts.map(({ name, bytes, sha256 }) => (
        <li key={name} className={styles.row}>
          <code className={styles.name}>{name}</code>
          <span className={styles.size}>{copy.bytes(bytes.byteLength)}</span>
          <span className={styles.what}>{copy.parts[name]}</span>
          <span className={styles.hash}>
            {copy.hash} <code>{sha256}</code>
          </span>
        </li>
      ))}
    </ul>
  )
}

/** Bytes of the matrix that are printed: its header and the first values. */
const PRINTED_BYTES = 512

function InFull({ part }: { readonly part: UploadPart }) {
  if (part.name !== PARTS.weights) return <Listing text={new TextDecoder().decode(part.bytes)} label={part.name} />
  return (
    <>
      <p className={styles.note}>{SEND_COPY.payload.binary}</p>
      <Listing text={hexDump(part.bytes.subarray(0, PRINTED_BYTES))} label={part.name} />
    </>
  )
}

function Listing({ text, label }: { readonly text: string; readonly label: string }) {
  return (
    // A box that scrolls must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <section className={styles.listing} aria-label={label} tabIndex={0}>
      <pre className={styles.text}>{text}</pre>
    </section>
  )
}

/** Sixteen bytes a line: place, hexadecimal, and the letters among them. */
function hexDump(bytes: Uint8Array): string {
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += 16) {
    const row = Array.from(bytes.subarray(at, at + 16))
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    const letters = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·')).join('')
    lines.push(`${at.toString(16).padStart(4, '0')}  ${hex.padEnd(47)}  ${letters}`)
  }
  return lines.join('\n')
}
