/**
 * A layer: attention, then MLP, each with its residual and its norm. What attention looks at is the caller's: a text
 * behind a prompt, a prompt alone, a whole sequence.
 */
import {
  concat,
  gather,
  mul,
  reshape,
  tensor1d,
  tensor3d,
  zeros,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
} from '@tensorflow/tfjs-core'
import { allColumns, asMatrix, type Columns } from '../../runtime/columns.ts'
import type { Projections } from '../../runtime/kernels/attention/projections.ts'
import { linearBackward, linearResidual, type Linear } from '../../runtime/kernels/linear/linear.ts'
import type { Blueprint } from './blueprint.ts'
import { mlp, mlpBackward, sharedMlpSaved, type Mlp, type MlpSaved } from './mlp.ts'
import { normalise, normaliseBackward, normedRows, type Norm, type NormSaved } from './norm.ts'
import type { Turner } from './positions.ts'
import {
  project,
  projectBackward,
  sinkProjections,
  type ProjectInputs,
  type ProjectionMaps,
  type ProjectionsGradient,
} from './project.ts'
import type { WeightSink } from './weightSink.ts'

export type Layer = {
  readonly norm1: Norm
  readonly projections: ProjectionMaps
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
  /** What queries and keys were made of; null where the norm went along. */
  readonly inputs: ProjectInputs | null
  readonly attention: S
  readonly mixed: Columns
  readonly norm2: NormSaved
  readonly mlp: MlpSaved
}

/** Attention's forward pass, to `[n, H·hd]`. */
export type Mix<S> = (projections: Projections) => { readonly out: Columns; readonly saved: S }
/** And its way back; null where the rest of the way is not wanted. */
export type Unmix<S> = (dOut: Tensor2D, saved: S) => ProjectionsGradient | null

/** x `[n, d]` to `[n, d]`, or to `[m·R, d]` at `reads`. */
export function layerForward<S>(
  x: Tensor2D,
  layer: Layer,
  {
    order,
    mix,
    turner,
    reads = null,
  }: {
    readonly order: Blueprint['order']
    readonly mix: Mix<S>
    readonly turner: Turner | null
    readonly reads?: ReadRows | null
  },
): { readonly y: Tensor2D; readonly saved: LayerSaved<S> } {
  const pre = order === 'pre'
  const pick = reads && ((rows: Tensor2D): Tensor2D => gather(rows, reads.at))
  const projected = project(x, layer.projections, { norm: pre ? layer.norm1 : null, pick, turner })
  const { out, saved: attention } = mix(projected.projections)
  const sum1 = linearResidual(pick?.(x) ?? x, out, layer.out)
  const after1 = pre ? null : normalise(sum1, layer.norm1)

  const second = mlp(after1?.y ?? sum1, pre ? layer.norm2 : null, layer.mlp)
  const after2 = pre ? null : normalise(second.y, layer.norm2)
  return {
    y: after2?.y ?? second.y,
    saved: {
      norm1: found(projected.norm ?? after1?.saved),
      inputs: projected.inputs,
      attention,
      mixed: out,
      norm2: found(second.norm ?? after2?.saved),
      mlp: second.saved,
    },
  }
}

function found(saved: NormSaved | undefined): NormSaved {
  if (saved === undefined) throw new Error('layerForward: each half has a norm')
  return saved
}

/** For a pass that many gradients go back through. */
export function sharedSaved<S>(saved: LayerSaved<S>): LayerSaved<S> {
  return { ...saved, mlp: sharedMlpSaved(saved.mlp) }
}

/** What a way back needs: of a pass over texts, or over a prompt and the texts behind it. */
export type BackwardSaved<S> = Pick<LayerSaved<S>, 'norm1' | 'attention' | 'norm2' | 'mlp'>

/** dy to dx `[n, d]`; null where `unmix` ends the way. */
export function layerBackward<S>(
  dy: Tensor2D,
  saved: BackwardSaved<S>,
  layer: Layer,
  options: {
    readonly order: Blueprint['order']
    readonly unmix: Unmix<S>
    readonly reads?: ReadRows | null
    /** Rows of a sequence, where `unmix` gives the first of each alone. */
    readonly each?: number
    /** With what else weight gradients need. */
    readonly sink?: { readonly sink: WeightSink; readonly saved: LayerSaved<S> } | undefined
  },
): Tensor2D | null {
  const { order, unmix, reads = null, each, sink } = options
  const pre = order === 'pre'
  const dMiddle = pre ? preMlpBackward(dy, saved, layer, sink?.sink) : postMlpBackward(dy, saved, layer, sink?.sink)

  if (!pre) sink?.sink.norm(layer.norm1, dMiddle, saved.norm1)
  const dSum = pre ? dMiddle : normaliseBackward(dMiddle, saved.norm1, layer.norm1)
  sink?.sink.map(layer.out, asMatrix(sink.saved.mixed), dSum)
  const own = unmix(linearBackward(allColumns(dSum), layer.out), saved.attention)
  if (!own) return null
  if (sink) {
    const inputs = sink.saved.inputs ?? inputsAgain(saved.norm1, layer.norm1)
    sinkProjections(own, layer.projections, { inputs, sink: sink.sink })
  }
  const whole = (rows: Tensor2D): Tensor2D => (reads ? spread(rows, reads) : rows)
  // With the norm behind, x feeds the residual and the projections alike.
  const dx = projectBackward(own, layer.projections, { plus: pre ? undefined : dSum, whole })
  if (!pre) return dx
  sink?.sink.norm(layer.norm1, dx, saved.norm1)
  return normaliseBackward(dx, saved.norm1, layer.norm1, { rows: whole(dSum), ...(each && { each }) })
}

/** What the projections were made of where a norm went along: weight gradients alone ask for it. */
function inputsAgain(saved: NormSaved, norm: Norm): ProjectInputs {
  const { y } = normalise(normedRows(saved), norm)
  return { queries: y, keys: y }
}

function preMlpBackward<S>(
  dy: Tensor2D,
  saved: BackwardSaved<S>,
  layer: Layer,
  sink: WeightSink | undefined,
): Tensor2D {
  const input = (): Tensor2D => normalise(normedRows(saved.norm2), layer.norm2).y
  const dNormed = mlpBackward(dy, saved.mlp, layer.mlp, { sink, input })
  sink?.norm(layer.norm2, dNormed, saved.norm2)
  return normaliseBackward(dNormed, saved.norm2, layer.norm2, { rows: dy })
}

function postMlpBackward<S>(
  dy: Tensor2D,
  saved: BackwardSaved<S>,
  layer: Layer,
  sink: WeightSink | undefined,
): Tensor2D {
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
