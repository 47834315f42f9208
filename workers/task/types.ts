/** A labelled (or not yet labelled) row as it was read from a file. Private in tuning, public in transfer. */
export type Example = {
  readonly text: string
  readonly label: string | null
  /** Whose row it is, where a column names persons. */
  readonly person?: string
}

/** One example as the model reads it, without prompt and without padding. */
export type Encoded = {
  /** Token ids of the filled template, cut from the left to fit the context beside the prompt. */
  readonly ids: Int32Array<ArrayBuffer>
  /** Positions in `ids` whose logits answer the task: one for a class, one a token for an answer that is a text. */
  readonly read: readonly number[]
  /** Of an answer that is a text and is known: the token that should be read at each of `read`. */
  readonly targets?: readonly number[]
  /** Whether the text was cut to fit. */
  readonly cut: boolean
}
