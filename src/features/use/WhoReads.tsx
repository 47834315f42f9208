import type { SentTransfer } from '../../storage/schema.ts'
import { goTo } from '../../app/navigation.ts'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { Choice } from '../../ui/Choice.tsx'
import { USE_COPY } from './copy.ts'
import { chooseReader, useLabelling } from './store.ts'

const copy = USE_COPY.where

export function WhoReads({ transfer }: { readonly transfer: SentTransfer | null }) {
  const { reader, labelling } = useLabelling()
  const busy = labelling.status === 'working' || labelling.status === 'stopping'
  const chosen = transfer === null ? 'device' : reader
  return (
    <Card title={copy.title}>
      <fieldset>
        <legend className="visually-hidden">{copy.title}</legend>
        <Choice
          name="reader"
          label={copy.device}
          hint={copy.deviceHint}
          checked={chosen === 'device'}
          disabled={busy}
          onChoose={() => chooseReader('device')}
        />
        <Choice
          name="reader"
          label={transfer === null ? copy.notYet : copy.provider(transfer.teacherName)}
          hint={transfer === null ? copy.notYetHint : copy.providerHint}
          checked={chosen === 'provider'}
          disabled={busy || transfer === null}
          onChoose={() => chooseReader('provider')}
        />
      </fieldset>
      {transfer === null ? (
        <p>
          <Button onClick={() => goTo('send')}>{copy.toSend}</Button>
        </p>
      ) : null}
    </Card>
  )
}
