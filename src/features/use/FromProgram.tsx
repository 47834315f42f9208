import { useState } from 'react'
import { useKey } from '../../engine/key.ts'
import type { SentTransfer } from '../../storage/schema.ts'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { useSend } from '../send/store.ts'
import { USE_COPY } from './copy.ts'
import styles from './FromProgram.module.css'
import { curlSnippet, pythonSnippet } from './snippets.ts'

const copy = USE_COPY.program

type FromProgramProps = { readonly answers: 'classes' | 'texts'; readonly transfer: SentTransfer | null }

export function FromProgram({ answers, transfer }: FromProgramProps) {
  const provider = useSend((state) => state.provider)
  const withKey = useKey(({ key }) => key !== null)
  if (transfer === null || provider.status !== 'read') {
    return (
      <Card title={copy.title}>
        <p>{copy.none}</p>
      </Card>
    )
  }
  const parts = { endpoint: provider.provider.endpoint, jobId: transfer.jobId, answers, withKey }
  return (
    <Card title={copy.title} lead={copy.lead}>
      {withKey ? <p className={styles.note}>{copy.key}</p> : null}
      <Snippet title={copy.curl} text={curlSnippet(parts)} />
      <Snippet title={copy.python} text={pythonSnippet(parts)} />
    </Card>
  )
}

function Snippet({ title, text }: { readonly title: string; readonly text: string }) {
  const [copied, setCopied] = useState<'no' | 'yes' | 'failed'>('no')
  const take = async () => {
    try {
      await navigator.clipboard.writeText(text)
      setCopied('yes')
    } catch {
      // The browser may refuse; the text stands there to be marked.
      setCopied('failed')
    }
  }
  return (
    <div className={styles.snippet}>
      <div className={styles.head}>
        <h3 className={styles.title}>{title}</h3>
        <Button variant="quiet" onClick={() => void take()}>
          {copied === 'yes' ? copy.copied : copy.copy}
          <span className="visually-hidden">: {title}</span>
        </Button>
      </div>
      {copied === 'failed' ? <p className={styles.note}>{copy.notCopied}</p> : null}
      {/* A box that scrolls must be reachable by keyboard. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <section className={styles.box} aria-label={title} tabIndex={0}>
        <pre className={styles.text}>{text}</pre>
      </section>
    </div>
  )
}
