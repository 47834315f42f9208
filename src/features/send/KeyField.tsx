import { useState } from 'react'
import { type ErrorReport, toReport } from '../../../workers/protocol/errors.ts'
import { forgetKey, setKey, useKey } from '../../engine/key.ts'
import { Button } from '../../ui/Button.tsx'
import { Disclosure } from '../../ui/Disclosure.tsx'
import { TextField } from '../../ui/Field.tsx'
import { describeError } from '../../ui/errorCopy.ts'
import { Notice } from '../../ui/Notice.tsx'
import { SEND_COPY } from './copy.ts'
import styles from './KeyField.module.css'

/** The provider's key: said where it is set, asked for where the provider wants one, folded away otherwise. */
export function KeyField({ wanted, onSet }: { readonly wanted: boolean; readonly onSet?: (() => void) | undefined }) {
  const { key, kept } = useKey()
  const copy = SEND_COPY.key
  if (key !== null && !wanted) {
    return (
      <Notice
        title={copy.title}
        actions={
          <Button variant="quiet" onClick={() => void forgetKey()}>
            {copy.forget}
          </Button>
        }
      >
        {copy.have} {kept ? copy.kept : copy.notKept}
      </Notice>
    )
  }
  if (wanted) {
    return (
      <Notice tone="warn" title={copy.title}>
        <p>{key === null ? copy.needed : copy.refused}</p>
        <KeyForm onSet={onSet} />
      </Notice>
    )
  }
  return (
    <Disclosure summary={copy.optional}>
      <KeyForm onSet={onSet} />
    </Disclosure>
  )
}

function KeyForm({ onSet }: { readonly onSet: (() => void) | undefined }) {
  const [typed, setTyped] = useState('')
  const [error, setError] = useState<ErrorReport | null>(null)
  const take = async () => {
    try {
      await setKey(typed)
      setTyped('')
      setError(null)
      onSet?.()
    } catch (failure) {
      setError(toReport(failure))
    }
  }
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        void take()
      }}
    >
      <TextField
        label={SEND_COPY.key.label}
        type="password"
        autoComplete="off"
        value={typed}
        error={error === null ? undefined : describeError(error).detail}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      <Button type="submit" disabled={typed.trim() === ''}>
        {SEND_COPY.key.set}
      </Button>
    </form>
  )
}
