/**
 * Zero-shot transfer (Wu, Wu and Mou 2023, arXiv 2310.01691): a baseline that needs no texts. A row of the prompt is
 * described by its cosines to the token embeddings of the one model, and a row of the other is searched that stands so
 * to the embeddings of its own. Both models have one vocabulary.
 */
import type { SoftPrompt } from '../prompt/softPrompt.ts'
import { seededRandom } from '../task/seededRandom.ts'
import { startState, updateState } from '../tune/optimizer.ts'

/** Of their code: anchors that a row is described by, and the search. Theirs then picks a candidate by labelled rows. */
const ANCHORS = 8_192
const STEPS = 2_000
const LEARNING_RATE = 5e-3

/** Token embeddings `[V, width]`. */
export type EmbeddingTable = { readonly values: Float32Array; readonly width: number }

export type ByPlaceRequest = {
  /** ps, as wide as `sourceTable`. */
  readonly source: SoftPrompt
  readonly sourceTable: EmbeddingTable
  readonly targetTable: EmbeddingTable
  /** Of where the search starts. */
  readonly seed: number
}

/** The last candidate: there are no labelled rows to pick a better one by. */
export function transferByPlace({ source, sourceTable, targetTable, seed }: ByPlaceRequest): SoftPrompt {
  const { length } = source
  const { width } = targetTable
  const places = describe(source, sourceTable, targetTable)
  const spread = spreadOf(targetTable.values)
  let state = startState(xavier(length, width, seed))
  for (let step = 0; step < STEPS; step++) {
    const { values, back } = standardise(state.prompt, spread)
    const gradient = back(descent(places, values, width))
    state = updateState(state, { optimizer: 'adam', learningRate: LEARNING_RATE, gradient })
  }
  return { values: standardise(state.prompt, spread).values, length, width }
}

/**
 * A row's target, so far as the search needs it. With the kept unit anchors as rows of A and the wanted cosines r, the
 * cosine between A v / |v| and r is vᵀ b / (√(vᵀ G v) |r|): no step has to pass through the vocabulary.
 */
type Place = {
  /** G = Aᵀ A, `[width, width]`. */
  readonly gram: Float64Array
  /** b = Aᵀ r / |r|, `[width]`. */
  readonly pull: Float64Array
}

function describe(source: SoftPrompt, sourceTable: EmbeddingTable, targetTable: EmbeddingTable): Place[] {
  const from = unitRows(sourceTable)
  const to = unitRows(targetTable)
  const tokens = Math.min(from.length, to.length)
  const whole = tokens <= ANCHORS ? gramOf(to, targetTable.width) : null
  return unitRows({ values: source.values, width: source.width }).map((row) => {
    const cosines = from.slice(0, tokens).map((anchor) => dot(anchor, row))
    const kept = whole ? [...cosines.keys()] : largest(cosines, ANCHORS)
    const norm = Math.sqrt(kept.reduce((sum, token) => sum + (cosines[token] ?? 0) ** 2, 0))
    const pull = new Float64Array(targetTable.width)
    for (const token of kept) {
      const share = (cosines[token] ?? 0) / norm
      to[token]?.forEach((value, at) => (pull[at] = (pull[at] ?? 0) + share * value))
    }
    const anchors = kept.flatMap((token) => to[token] ?? [])
    return { gram: whole ?? gramOf(anchors, targetTable.width), pull }
  })
}

/** Gradient `[P·width]` of the mean over rows of 1 − cosine. */
function descent(places: readonly Place[], values: Float32Array, width: number): Float64Array {
  const gradient = new Float64Array(values.length)
  for (const [index, { gram, pull }] of places.entries()) {
    const row = Float64Array.from(values.subarray(index * width, (index + 1) * width))
    const turned = times(gram, row)
    const size = Math.sqrt(dot(row, turned))
    const along = dot(pull, row) / size ** 2
    for (let at = 0; at < width; at++) {
      gradient[index * width + at] = ((turned[at] ?? 0) * along - (pull[at] ?? 0)) / (size * places.length)
    }
  }
  return gradient
}

type Spread = { readonly mean: number; readonly deviation: number }

/** With n − 1, as torch. */
function spreadOf(values: ArrayLike<number>): Spread {
  const n = values.length
  let sum = 0
  for (let at = 0; at < n; at++) sum += values[at] ?? 0
  let squares = 0
  for (let at = 0; at < n; at++) squares += ((values[at] ?? 0) - sum / n) ** 2
  return { mean: sum / n, deviation: Math.sqrt(squares / (n - 1)) }
}

type Standardised = {
  readonly values: Float32Array<ArrayBuffer>
  /** From the gradient of `values` to that of what was standardised. */
  readonly back: (gradient: Float64Array) => Float32Array<ArrayBuffer>
}

/** All entries together brought to the mean and deviation of the target's embeddings, without which the search drifts. */
function standardise(candidate: Float32Array, target: Spread): Standardised {
  const own = spreadOf(candidate)
  const unit = new Float64Array(candidate).map((value) => (value - own.mean) / own.deviation)
  return {
    values: new Float32Array(unit.map((value) => value * target.deviation + target.mean)),
    back: (gradient) => {
      const n = unit.length
      const mean = gradient.reduce((sum, value) => sum + value, 0) / n
      const along = dot(gradient, unit) / (n - 1)
      const scale = target.deviation / own.deviation
      return new Float32Array(gradient.map((value, at) => scale * (value - mean - along * (unit[at] ?? 0))))
    },
  }
}

/** Normal with deviation √(2 / (P + width)), by Box and Muller. */
function xavier(length: number, width: number, seed: number): Float32Array<ArrayBuffer> {
  const random = seededRandom(seed)
  const uniform = (): number => (random(2 ** 31) + 0.5) / 2 ** 31
  const deviation = Math.sqrt(2 / (length + width))
  return Float32Array.from(
    { length: length * width },
    () => deviation * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  )
}

function unitRows({ values, width }: EmbeddingTable): Float64Array[] {
  return Array.from({ length: values.length / width }, (_, index) => {
    const row = Float64Array.from(values.subarray(index * width, (index + 1) * width))
    const norm = Math.sqrt(dot(row, row))
    return norm === 0 ? row : row.map((value) => value / norm)
  })
}

function gramOf(rows: readonly Float64Array[], width: number): Float64Array {
  const gram = new Float64Array(width * width)
  for (const row of rows) {
    for (let i = 0; i < width; i++) {
      const factor = row[i] ?? 0
      for (let j = 0; j <= i; j++) gram[i * width + j] = (gram[i * width + j] ?? 0) + factor * (row[j] ?? 0)
    }
  }
  for (let i = 0; i < width; i++) for (let j = 0; j < i; j++) gram[j * width + i] = gram[i * width + j] ?? 0
  return gram
}

function times(matrix: Float64Array, vector: Float64Array): Float64Array {
  const size = vector.length
  const out = new Float64Array(size)
  for (let i = 0; i < size; i++) {
    let sum = 0
    for (let j = 0; j < size; j++) sum += (matrix[i * size + j] ?? 0) * (vector[j] ?? 0)
    out[i] = sum
  }
  return out
}

function largest(values: readonly number[], count: number): number[] {
  return [...values.keys()].sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0)).slice(0, count)
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let at = 0; at < a.length; at++) sum += (a[at] ?? 0) * (b[at] ?? 0)
  return sum
}
