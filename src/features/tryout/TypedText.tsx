import type { ErrorReport } from '../../../workers/protocol/errors.ts'
import { goTo } from '../../app/navigation.ts'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { ErrorNotice } from '../../ui/ErrorNotice.tsx'
import { TextArea } from '../../ui/Field.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { TRY_COPY } from './copy.ts'
import styles from './Panel.module.css'
import { Probabilities } from './Probabilities.tsx'
import { ask, setText, type TryAnswer, useTry } from './store.ts'

export function TypedText({ runId }: { readonly runId: string }) {
  const { text, answer } = useTry()
  return (
    <Card title={TRY_COPY.title} lead={TRY_COPY.lead}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault()
          void ask(runId)
        }}
      >
        <TextArea
          label={TRY_COPY.label}
          placeholder={TRY_COPY.placeholder}
          value={text}
          rows={3}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Button type="submit" variant="primary" busy={answer.status === 'asking'} disabled={text.trim() === ''}>
          {answer.status === 'asking' ? TRY_COPY.asking : TRY_COPY.ask}
        </Button>
      </form>
      <div aria-live="polite" className={styles.answers}>
        <Answer answer={answer} runId={runId} />
      </div>
    </Card>
  )
}

function Answer({ answer, runId }: { readonly answer: TryAnswer; readonly runId: string }) {
  if (answer.status === 'idle' || answer.status === 'asking' || answer.runId !== runId) return null
  if (answer.status === 'failed') return <LocalFailure error={answer.error} again={() => void ask(runId)} />
  const { tuned, plain, text } = answer
  return (
    <>
      <blockquote className={styles.quote}>{text}</blockquote>
      <div className={styles.pair}>
        <Probabilities title={TRY_COPY.withPrompt} prediction={tuned} />
        <Probabilities title={TRY_COPY.withoutPrompt} prediction={plain} />
      </div>
      <p className={styles.note}>
        {tuned.label === plain.label ? TRY_COPY.same : TRY_COPY.differ(plain.label, tuned.label)}
      </p>
    </>
  )
}

type LocalFailureProps = { readonly error: ErrorReport; readonly safe?: string; readonly again: () => void }

/** After a reload the prompt is there and the model is not: that has its own words and its own way on. */
export function LocalFailure({ error, safe = TRY_COPY.safe, again }: LocalFailureProps) {
  if (error.code === 'conflict' || error.code === 'model-missing-file' || error.code === 'usage') {
    return (
      <Notice
        tone="warn"
        title={TRY_COPY.modelTitle}
        actions={<Button onClick={() => goTo('model')}>{TRY_COPY.toModel}</Button>}
      >
        {TRY_COPY.modelDetail}
      </Notice>
    )
  }
  return <ErrorNotice error={error} safe={safe} actions={<Button onClick={again}>{TRY_COPY.again}</Button>} />
}
