import { type InputHTMLAttributes, type ReactNode, type TextareaHTMLAttributes, useId } from 'react'
import { cx } from './cx.ts'
import styles from './Field.module.css'

type FieldProps = {
  readonly label: ReactNode
  readonly hint?: ReactNode
  /** What is wrong with the value, and how to mend it. */
  readonly error?: ReactNode
  readonly className?: string | undefined
}

export type ControlProps = {
  readonly id: string
  readonly 'aria-describedby': string | undefined
  readonly 'aria-invalid': true | undefined
}

/** A control with its label, hint and error tied to it. */
function Field({
  label,
  hint,
  error,
  className,
  children,
}: FieldProps & { readonly children: (control: ControlProps) => ReactNode }) {
  const id = useId()
  const hintId = hint === undefined ? null : `${id}-hint`
  const errorId = error === undefined ? null : `${id}-error`
  const described = [hintId, errorId].filter((part) => part !== null).join(' ')
  return (
    <div className={cx(styles.field, className)}>
      <label className={styles.label} htmlFor={id}>
        {label}
      </label>
      {children({
        id,
        'aria-describedby': described === '' ? undefined : described,
        'aria-invalid': error === undefined ? undefined : true,
      })}
      {hintId === null ? null : (
        <p id={hintId} className={styles.hint}>
          {hint}
        </p>
      )}
      {errorId === null ? null : (
        <p id={errorId} className={styles.error}>
          {error}
        </p>
      )}
    </div>
  )
}

export function TextField({
  label,
  hint,
  error,
  className,
  ...input
}: FieldProps & InputHTMLAttributes<HTMLInputElement>) {
  return (
    <Field label={label} hint={hint} error={error} className={className}>
      {(control) => <input {...input} {...control} className={styles.control} />}
    </Field>
  )
}

export function TextArea({
  label,
  hint,
  error,
  className,
  ...area
}: FieldProps & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  return (
    <Field label={label} hint={hint} error={error} className={className}>
      {(control) => <textarea {...area} {...control} className={cx(styles.control, styles.area)} />}
    </Field>
  )
}

type Option = { readonly value: string; readonly label: string }

/** A native select: it works with every keyboard, phone and reader. */
export function Select({
  label,
  hint,
  error,
  className,
  options,
  value,
  onChange,
  disabled = false,
}: FieldProps & {
  readonly options: readonly Option[]
  readonly value: string
  readonly onChange: (value: string) => void
  readonly disabled?: boolean
}) {
  return (
    <Field label={label} hint={hint} error={error} className={className}>
      {(control) => (
        <select
          {...control}
          className={cx(styles.control, styles.select)}
          value={value}
          disabled={disabled}
          onChange={(event) => onChange(event.currentTarget.value)}
        >
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}

/** A box to tick, with its sentence. */
export function Checkbox({
  label,
  checked,
  onChange,
  disabled = false,
}: {
  readonly label: ReactNode
  readonly checked: boolean
  readonly onChange: (checked: boolean) => void
  readonly disabled?: boolean
}) {
  return (
    <label className={styles.checkbox}>
      <input
        type="checkbox"
        checked={checked}
        disabled={disabled}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <span>{label}</span>
    </label>
  )
}
