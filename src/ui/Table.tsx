import type { ReactNode } from 'react'
import { cx } from './cx.ts'
import styles from './Table.module.css'

export type TableColumn = { readonly key: string; readonly title: string; readonly align?: 'start' | 'end' }
export type TableRow = { readonly key: string; readonly cells: readonly ReactNode[] }

type TableProps = {
  readonly caption: string
  readonly hideCaption?: boolean
  readonly columns: readonly TableColumn[]
  readonly rows: readonly TableRow[]
  /** Keeps a long table in its own scrolling box. */
  readonly scroll?: boolean
}

export function Table({ caption, hideCaption = false, columns, rows, scroll = false }: TableProps) {
  return (
    // A box that scrolls must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <section className={cx(styles.frame, scroll && styles.scroll)} aria-label={caption} tabIndex={0}>
      <table className={styles.table}>
        <caption className={hideCaption ? 'visually-hidden' : styles.caption}>{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.key} scope="col" className={column.align === 'end' ? styles.end : undefined}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.key}>
              {columns.map((column, index) => (
                <td key={column.key} className={column.align === 'end' ? styles.end : undefined}>
                  {row.cells[index]}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
