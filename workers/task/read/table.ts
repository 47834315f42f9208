/** What every file format is read into: named columns and rows of texts. */

export type Table = {
  readonly columns: readonly string[]
  /** Cells by column; null, or beyond the row's end, where the row says nothing. */
  readonly rows: readonly (readonly (string | null)[])[]
  /** Rows that could not be read. */
  readonly malformed: number
}

/** More columns than any table of examples has; keeps the work linear in the size of the file. */
export const MAX_COLUMNS = 256
