import { answerWords } from '../../../workers/protocol/answer.ts'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { TextArea } from '../../ui/Field.tsx'
import { LocalFailure } from './LocalFailure.tsx'
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
  if (answer.status === 'failed')
    return <LocalFailure error={answer.error} runId={runId} again={() => void ask(runId)} />
  const { tuned, plain, text } = answer
  return (
    <>
      <blockquote className={styles.quote}>{text}</blockquote>
      <div className={styles.pair}>
        <Probabilities title={TRY_COPY.withPrompt} answer={tuned} />
        <Probabilities title={TRY_COPY.withoutPrompt} answer={plain} />
      </div>
      <p className={styles.note}>
        {answerWords(tuned) === answerWords(plain)
          ? TRY_COPY.same
          : TRY_COPY.differ(answerWords(plain), answerWords(tuned))}
      </p>
    </>
  )
}
