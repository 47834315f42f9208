/**
 * A layer: attention, then MLP, each with its residual and its norm. What attention looks at is the caller's: a text
 * behind a prompt, a prompt alone, a whole sequence.
 */
import {
  concat,
  gather,
  mul,
  reshape,
  slice,
  tensor1d,
  tensor3d,
  zeros,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
} from '@tensorflow/tfjs-core'
import { linear, linearBackward, linearResidual, type Linear } from '../../runtime/kernels/linear/linear.ts'
import type { Blueprint } from './blueprint.ts'
import { mlp, mlpBackward, sharedMlpSaved, type Mlp, type MlpSaved } from './mlp.ts'
import { normalise, normaliseBackward, type Norm, type NormSaved } from './norm.ts'
import type { WeightSink } from './weightSink.ts'

export type Layer = {
  readonly norm1: Norm
  readonly q: Linear
  readonly kv: Linear
  readonly out: Linear
  readonly norm2: Norm
  readonly mlp: Mlp
}

/** Rows that alone go on from a layer: R of each text, `[m·R]` of `[m·T]`. */
export type ReadRows = {
  readonly size: number
  readonly length: number
  readonly at: Tensor1D
  readonly read: Int32Array
}

export function readRows(
  read: Int32Array,
  { size, length }: { readonly size: number; readonly length: number },
): ReadRows {
  const each = read.length / size
  const at = tensor1d(
    read.map((position, row) => Math.floor(row / each) * length + position),
    'int32',
  )
  return { size, length, at, read }
}

export type LayerSaved<S> = {
  readonly norm1: NormSaved
  /** What q and kv were made of. */
  readonly queries: Tensor2D
  readonly keys: Tensor2D
  readonly attention: S
  readonly mixed: Tensor2D
  readonly norm2: NormSaved
  readonly mlp: MlpSaved
}

/** Attention's forward pass, q `[n, H·hd]` and kv `[n, 2e]` to `[n, H·hd]`. */
export type Mix<S> = (q: Tensor2D, kv: Tensor2D) => { readonly out: Tensor2D; readonly saved: S }
/** And its way back; null where the rest of the way is not wanted. */
export type Unmix<S> = (dOut: Tensor2D, saved: S) => { readonly q: Tensor2D; readonly kv: Tensor2D } | null

/** x `[n, d]` to `[n, d]`, or to `[m·R, d]` at `reads`. */
export function layerForward<S>(
  x: Tensor2D,
  layer: Layer,
  {
    order,
    mix,
    reads = null,
  }: { readonly order: Blueprint['order']; readonly mix: Mix<S>; readonly reads?: ReadRows | null },
): { readonly y: Tensor2D; readonly saved: LayerSaved<S> } {
  const pre = order === 'pre'
  const before1 = pre ? normalise(x, layer.norm1) : null
  const keys = before1?.y ?? x
  const queries = reads ? gather(keys, reads.at) : keys
  const { out, saved: attention } = mix(linear(queries, layer.q), linear(keys, layer.kv))
  const sum1 = linearResidual(reads ? gather(x, reads.at) : x, out, layer.out)
  const norm1 = before1 ?? normalise(sum1, layer.norm1)
  const middle = pre ? sum1 : norm1.y

  const before2 = pre ? normalise(middle, layer.norm2) : null
  const second = mlp(middle, before2?.y ?? middle, layer.mlp)
  const norm2 = before2 ?? normalise(second.y, layer.norm2)
  return {
    y: pre ? second.y : norm2.y,
    saved: { norm1: norm1.saved, queries, keys, attention, mixed: out, norm2: norm2.saved, mlp: second.saved },
  }
}

/** For a pass that many gradients go back through. */
export function sharedSaved<S>(saved: LayerSaved<S>): LayerSaved<S> {
  return { ...saved, mlp: sharedMlpSaved(saved.mlp) }
}

/** dy to dx `[n, d]`; null where `unmix` ends the way. */
export function layerBackward<S>(
  dy: Tensor2D,
  saved: LayerSaved<S>,
  layer: Layer,
  options: {
    readonly order: Blueprint['order']
    readonly unmix: Unmix<S>
    readonly reads?: ReadRows | null
    readonly sink?: WeightSink | undefined
  },
): Tensor2D | null {
  const { order, unmix, reads = null, sink } = options
  const pre = order === 'pre'
  const dMiddle = pre ? preMlpBackward(dy, saved, layer, sink) : postMlpBackward(dy, saved, layer, sink)

  if (!pre) sink?.norm(layer.norm1, dMiddle, saved.norm1)
  const dSum = pre ? dMiddle : normaliseBackward(dMiddle, saved.norm1, layer.norm1)
  sink?.map(layer.out, saved.mixed, dSum)
  const own = unmix(linearBackward(dSum, layer.out), saved.attention)
  if (!own) return null
  // Rows of dq may be longer: see `textAttentionBackward`.
  sink?.map(layer.q, saved.queries, slice(own.q, [0, 0], saved.mixed.shape))
  sink?.map(layer.kv, saved.keys, own.kv)
  const whole = (rows: Tensor2D): Tensor2D => (reads ? spread(rows, reads) : rows)
  // With the norm behind, x feeds the residual and the projections alike.
  const dQueries = whole(linearBackward(own.q, layer.q, pre ? undefined : dSum))
  const dKeys = linearBackward(own.kv, layer.kv, dQueries)
  if (!pre) return dKeys
  sink?.norm(layer.norm1, dKeys, saved.norm1)
  return normaliseBackward(dKeys, saved.norm1, layer.norm1, whole(dSum))
}

function preMlpBackward<S>(dy: Tensor2D, saved: LayerSaved<S>, layer: Layer, sink: WeightSink | undefined): Tensor2D {
  const dNormed = mlpBackward(dy, saved.mlp, layer.mlp, { sink })
  sink?.norm(layer.norm2, dNormed, saved.norm2)
  return normaliseBackward(dNormed, saved.norm2, layer.norm2, dy)
}

function postMlpBackward<S>(dy: Tensor2D, saved: LayerSaved<S>, layer: Layer, sink: WeightSink | undefined): Tensor2D {
  sink?.norm(layer.norm2, dy, saved.norm2)
  const dSum = normaliseBackward(dy, saved.norm2, layer.norm2)
  return mlpBackward(dSum, saved.mlp, layer.mlp, { plus: dSum, sink })
}

/** `[m·R, d]` to `[m·T, d]`: each row at its read position, zeros elsewhere. */
function spread(rows: Tensor2D, reads: ReadRows): Tensor2D {
  const { size, length, read } = reads
  if (read.length > size) return spreadMany(rows, reads)
  const places = new Float32Array(size * length)
  read.forEach((position, text) => {
    places[text * length + position] = 1
  })
  const width = rows.shape[1]
  const placed = mul<Tensor3D>(reshape(rows, [size, 1, width]), tensor3d(places, [size, length, 1]))
  return reshape(placed, [size * length, width])
}

/** Rows are copied to their places, a row of zeros to all others: no sum, so nothing depends on its order. */
function spreadMany(rows: Tensor2D, { size, length, read }: ReadRows): Tensor2D {
  const each = read.length / size
  const sources = new Int32Array(size * length).fill(read.length)
  // From the last one back: of rows at one place the first counts, the others only fill up and have no gradient.
  for (let row = read.length - 1; row >= 0; row--) sources[Math.floor(row / each) * length + (read[row] ?? 0)] = row
  return gather(concat([rows, zeros<Tensor2D['rankType']>([1, rows.shape[1]])]), tensor1d(sources, 'int32'))
}
