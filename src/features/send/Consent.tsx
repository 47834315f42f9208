import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { ErrorNotice } from '../../ui/ErrorNotice.tsx'
import { Checkbox } from '../../ui/Field.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { SEND_COPY } from './copy.ts'
import { KeyField } from './KeyField.tsx'
import { agreeTo, send, type Shipment, useSend } from './store.ts'

type ConsentProps = {
  readonly shipment: Shipment
  readonly host: string
  /** False for the moment in which a changed request is being put together. */
  readonly isCurrent: boolean
}

/** What an agreement is about: the exact bytes of the three parts. */
function fingerprint({ upload }: Shipment): string {
  return upload.parts.map(({ sha256 }) => sha256).join('-')
}

export function Consent({ shipment, host, isCurrent }: ConsentProps) {
  const copy = SEND_COPY.consent
  const { agreedTo, sending } = useSend()
  const current = fingerprint(shipment)
  const agreed = agreedTo === current
  const failure = sending.status === 'failed' ? sending.error : null
  const wantsKey = failure?.code === 'unauthorized'
  const go = () => void send(shipment)
  return (
    <Card>
      {agreedTo !== null && !agreed ? <Notice tone="warn">{copy.again}</Notice> : null}
      <Checkbox
        label={copy.tick(host)}
        checked={agreed}
        disabled={sending.status === 'sending' || !isCurrent}
        onChange={(checked) => agreeTo(checked ? current : null)}
      />
      {failure === null || wantsKey ? null : <ErrorNotice error={failure} safe={copy.safe} />}
      {wantsKey ? <KeyField wanted onSet={agreed ? go : undefined} /> : null}
      <p>
        <Button variant="primary" busy={sending.status === 'sending'} disabled={!agreed || !isCurrent} onClick={go}>
          {sending.status === 'sending' ? copy.sending : failure === null ? copy.send : copy.resend}
        </Button>
      </p>
      {wantsKey ? null : <KeyField wanted={false} />}
    </Card>
  )
}
