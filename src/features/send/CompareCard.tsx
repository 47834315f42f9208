import type { SentTransfer } from '../../storage/schema.ts'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { TextArea } from '../../ui/Field.tsx'
import { Probabilities } from '../tryout/Probabilities.tsx'
import styles from '../tryout/Panel.module.css'
import { compare, type Comparison, setCompareText, useCompare } from './compare.ts'
import { SEND_COPY } from './copy.ts'
import { HostFailure } from './HostFailure.tsx'

const copy = SEND_COPY.compare

export function CompareCard({ transfer }: { readonly transfer: SentTransfer }) {
  const { text, comparison } = useCompare()
  const ask = () => void compare(transfer)
  return (
    <Card title={copy.title} lead={copy.lead}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault()
          ask()
        }}
      >
        <TextArea
          label={copy.label}
          hint={copy.leaves}
          value={text}
          rows={3}
          onChange={(event) => setCompareText(event.currentTarget.value)}
        />
        <Button type="submit" variant="primary" busy={comparison.status === 'asking'} disabled={text.trim() === ''}>
          {comparison.status === 'asking' ? copy.asking : copy.ask}
        </Button>
      </form>
      <div aria-live="polite" className={styles.answers}>
        <Answers comparison={comparison} transfer={transfer} again={ask} />
      </div>
    </Card>
  )
}

type AnswersProps = { readonly comparison: Comparison; readonly transfer: SentTransfer; readonly again: () => void }

function Answers({ comparison, transfer, again }: AnswersProps) {
  if (comparison.status === 'idle' || comparison.status === 'asking' || comparison.jobId !== transfer.jobId) return null
  if (comparison.status === 'failed') {
    return <HostFailure error={comparison.error} safe={copy.safe} again={again} />
  }
  return (
    <div className={styles.pair}>
      <Probabilities title={copy.small} answer={comparison.small} />
      <Probabilities title={copy.large(transfer.teacherName)} answer={comparison.large} />
    </div>
  )
}
