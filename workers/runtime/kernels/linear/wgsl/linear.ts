/**
 * Y = (norm(X) W) ⊙ scale with everything around it in one dispatch; or Y = (X ⊙ scale) Wᵀ, the way back, from the same
 * stored W. A row's results are summed over the inner axis in one fixed order, wherever in the batch it stands.
 *
 *   X `[n, inner]`, columns of longer rows    W `[inner, columns]`, or turned `[columns, inner]`    Y `[n, columns]`
 *
 * Numbers are multiplied and added in float32 whatever W is stored as, but for mixed products, see tiled.ts.
 */
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import type { Columns } from '../../../columns.ts'
import { bitsOf } from '../../../bits.ts'
import { hasSubgroups, isSoftwareGpu, onGpu, runWgsl, type WgslKernel } from '../../../wgsl/program.ts'
import { ENABLE_HALVES, ENABLE_SUBGROUPS } from '../../../wgsl/directives.ts'
import { HANDING_ON, readAlike } from '../../../wgsl/quads.ts'
import { SAVED_UNIFORMS, savedInputs, savedValue, type SequenceRows } from '../../sequences.ts'
import type { Packed } from '../packed.ts'
import type { Turning } from '../../rope/rope.ts'
import { ACTIVATION_NUMBERS, GATED, outputsEach, PLAIN_ACTIVATIONS, type Activation } from './activations.ts'
import { cutFor, pairedCut, type Cut } from './cuts.ts'
import { direct } from './direct.ts'
import { columnOf } from './results.ts'
import { rowStatistics } from './statistics.ts'
import { tiled } from './tiled.ts'
import { WEIGHT_LANES, weightAt } from './weights.ts'

/** Of each row before it is multiplied; `bias` is null for an RMS norm, which has no mean either. */
export type RowNorm = { readonly gain: Tensor1D; readonly bias: Tensor1D | null; readonly eps: number }

/** From inputs to outputs. */
export type Forward = {
  readonly bias?: Tensor1D | null
  readonly norm?: RowNorm | null
  /** f(Y) beside Y: `[n, 2 · columns]`, or of a gated one `[n, 3/2 · columns]`. */
  readonly activation?: Activation | null
  /** Whole heads of Y are turned by their rows' positions. */
  readonly turning?: Turning | null
  /** `[n, columns]`, added to Y where none of these is asked for. */
  readonly plus?: Tensor2D
}

/** From outputs to inputs, for gradients. */
export type Backward = {
  /**
   * Rows that begin with u, as many columns as f takes: Y is multiplied with f's slope at u, and of a gated one becomes
   * `[n, 2 · columns]`, the gates' first.
   */
  readonly slopeAt?: { readonly activation: Activation; readonly rows: SequenceRows }
  /** `[n, columns]`, added to Y before that. */
  readonly plus?: Tensor2D
}

/**
 * Whether a norm goes along with a product. Not on a program on the CPU: barriers cost it more there than the dispatch
 * and the array that they save (docs/performance.md), and so does finding the statistics in each invocation.
 */
export function takesNorm(): boolean {
  return !isSoftwareGpu()
}

/** Whether {@link wgslLinear} takes so many inputs; tfjs's own product takes the others. */
export function hasWgslLinear(inner: number): boolean {
  return onGpu() && inner % 4 === 0
}

/** x `[n, in]` to `[n, out]`; the best known cut if none is chosen. */
export function wgslLinear(x: Columns, w: Packed, around: Forward = {}, chosen?: Cut): Tensor2D {
  return product(x, w, { ...around, chosen })
}

/** dy `[n, out]` to `[n, in]`. */
export function wgslLinearBackward(dy: Columns, w: Packed, around: Backward = {}, chosen?: Cut): Tensor2D {
  return product(dy, w, { back: true, ...around, chosen })
}

type Around = Forward & Backward & { readonly back?: boolean; readonly chosen: Cut | undefined }

function product(rowsOf: Columns, w: Packed, around: Around): Tensor2D {
  const { x, from, count } = rowsOf
  const [rows, stride] = x.shape
  const { back = false, bias = null, norm = null, turning = null, slopeAt = null, plus = null, chosen } = around
  const activation = around.activation ?? slopeAt?.activation ?? null
  const [inner, columns] = back ? [w.outer, w.inner] : [w.inner, w.outer]
  if (count !== inner) throw new Error(`wgslLinear: ${count} columns do not go through a map of ${inner} inputs`)
  const paired = turning !== null || around.activation === 'gated-silu'
  const known = chosen ?? cutFor(rows, columns)
  const cut = paired ? pairedCut(known) : known
  if (norm && cut.kind === 'direct') throw new Error('wgslLinear: no norm goes along with such a cut')
  const saved = slopeAt && savedInputs(slopeAt.rows, rows)
  // What is not there is not read either; its place has to be taken all the same.
  const inputs: Tensor[] = [x, w.values, w.scales ?? x, bias ?? x]
  if (norm) inputs.push(norm.gain, norm.bias ?? norm.gain)
  if (paired) inputs.push(turning?.angles ?? x)
  else if (!norm) inputs.push(saved?.shared ?? x, saved?.own ?? x, plus ?? x)
  const resultWidth = columns * widthOf(activation, back)
  const variant = {
    normed: norm !== null,
    paired,
    quads: cut.kind === 'direct' && hasSubgroups(),
    mixed: cut.kind === 'tiled' && w.mixed,
  }
  return runWgsl(kernelOf(cut, w, variant), {
    inputs,
    shape: [rows, resultWidth],
    uniforms: {
      rows,
      inner: inner / 4,
      columns: columns / 4,
      stride: stride / 4,
      xFrom: from / 4,
      weightStride: w.stride / 4,
      weightFrom: w.from / 4,
      turned: Number(back === (w.layout === 'in-out')),
      scaleInput: Number(back && w.scales !== null),
      scaleOutput: Number(!back && w.scales !== null),
      hasBias: Number(bias !== null),
      activation: activation === null ? 0 : ACTIVATION_NUMBERS[activation],
      resultStride: resultWidth / 4,
      centred: Number(norm !== null && norm.bias !== null),
      eps: bitsOf(norm?.eps ?? 0),
      hasSlope: Number(saved !== null),
      savedStride: ((slopeAt?.rows.own ?? slopeAt?.rows.shared)?.shape[1] ?? 0) / 4,
      hasPlus: Number(plus !== null),
      ...(paired ? pairsOf(turning, columns) : {}),
      ...saved?.uniforms,
    },
    workgroups: [Math.ceil(columns / (4 * cut.columns * cut.across)), Math.ceil(rows / (cut.rows * cut.down)), 1],
  })
}

/** Columns of the result for each of Y. */
function widthOf(activation: Activation | null, back: boolean): number {
  if (activation === null) return 1
  return back ? outputsEach(activation) : 1 + 1 / outputsEach(activation)
}

/** Pairs of columns are those of a turn, or gate and gated, whose one head is the whole row. */
function pairsOf(turning: Turning | null, columns: number) {
  if (turning === null) return { pairs: columns / 8, positions: 1, turnedColumns: 0 }
  const [positions, headWidth] = turning.angles.shape
  return { pairs: headWidth / 8, positions, turnedColumns: turning.turned / 4 }
}

const UNIFORMS = [
  'rows',
  'inner',
  'columns',
  'stride',
  'xFrom',
  'weightStride',
  'weightFrom',
  'turned',
  'scaleInput',
  'scaleOutput',
  'hasBias',
  'activation',
  'resultStride',
] as const

const NORM_UNIFORMS = ['centred', 'eps'] as const
const PAIR_UNIFORMS = ['pairs', 'positions', 'turnedColumns'] as const
const PLAIN_UNIFORMS = ['hasSlope', 'savedStride', 'hasPlus', ...SAVED_UNIFORMS] as const

/**
 * A norm goes along; each invocation has pairs of columns; four of them read each vec4 of X together; products are formed
 * in halves.
 */
type Variant = {
  readonly normed: boolean
  readonly paired: boolean
  readonly quads: boolean
  readonly mixed: boolean
}

/**
 * One kernel for all that may be around: a branch that all invocations take alike costs less than another pipeline. Only
 * a norm and pairs have their own: they take arrays that the others need not have.
 */
function kernelOf(cut: Cut, { storage }: Packed, variant: Variant): WgslKernel {
  const { normed, paired, quads, mixed } = variant
  const threads = cut.down * cut.across
  const plain = !normed && !paired
  const extras = Object.entries(variant).flatMap(([name, has]) => (has ? [name] : []))
  return {
    key: ['softpost-linear', storage, ...Object.values(cut), ...extras].join('-'),
    threads,
    inputs: {
      ...({ x: 4, w: WEIGHT_LANES[storage], scales: 4, bias: 4 } as const),
      ...(normed ? ({ gain: 4, shift: 4 } as const) : {}),
      ...(paired ? ({ angles: 4 } as const) : {}),
      ...(plain ? ({ inShared: 4, inOwn: 4, plus: 4 } as const) : {}),
    },
    uniforms: [
      ...UNIFORMS,
      ...(normed ? NORM_UNIFORMS : []),
      ...(paired ? PAIR_UNIFORMS : []),
      ...(plain ? PLAIN_UNIFORMS : []),
    ],
    code: `
  ${quads ? ENABLE_SUBGROUPS : ''}
  ${mixed ? ENABLE_HALVES : ''}
  ${paired ? '' : PLAIN_ACTIVATIONS}
  ${normed && !paired ? '' : GATED}
  ${weightAt(storage)}
  ${normed ? rowStatistics(cut.rows * cut.down, threads) : ''}
  ${plain ? savedValue('savedStride') : ''}
  ${columnOf(cut, paired)}
  ${quads ? HANDING_ON : ''}
  ${readAlike('inputAt', 'x', quads)}
  ${readAlike('scaleAt', 'scales', quads)}
  /** \`local\`: which of the workgroup's rows it is. */
  fn loadX(row : i32, local : i32, deep : i32) -> vec4<f32> {
    var value = inputAt(row * uniforms.stride + uniforms.xFrom + deep);
    ${normed ? 'value = normed(value, local, deep);' : ''}
    if (uniforms.scaleInput > 0) { value *= scaleAt(deep); }
    return value;
  }
  fn finished(sum : vec4<f32>, column : i32) -> vec4<f32> {
    var y = sum;
    if (uniforms.scaleOutput > 0) { y *= scales[column]; }
    if (uniforms.hasBias > 0) { y += bias[column]; }
    return y;
  }
  ${paired ? STORE_PAIR : store(plain)}
  ${cut.kind === 'tiled' ? tiled(cut, variant) : direct(cut, paired)}`,
  }
}

function store(plain: boolean): string {
  return `
  fn store(row : i32, column : i32, sum : vec4<f32>) {
    if (row >= uniforms.rows || column >= uniforms.columns) { return; }
    var y = finished(sum, column);
    let at = row * uniforms.resultStride + column;
    ${plain ? SLOPE_AND_PLUS : ''}
    result[at] = y;
    if (uniforms.activation > 0) { result[at + uniforms.columns] = activated(y); }
  }`
}

const SLOPE_AND_PLUS = `
    if (uniforms.hasPlus > 0) { y += plus[row * uniforms.columns + column]; }
    if (uniforms.hasSlope > 0) {
      let origin = savedAt(row);
      let u = saved(origin, column);
      if (uniforms.activation < 3) {
        result[at] = y * slope(u);
        return;
      }
      let up = saved(origin, column + uniforms.columns);
      result[at] = y * slopeOfGate(u, up);
      result[at + uniforms.columns] = y * u * sigmoid(u);
      return;
    }`

const STORE_PAIR = `
  fn storePair(row : i32, column : i32, sum : vec4<f32>, sumOfOther : vec4<f32>) {
    if (row >= uniforms.rows || column >= uniforms.columns) { return; }
    let other = column + uniforms.pairs;
    var first = finished(sum, column);
    var second = finished(sumOfOther, other);
    if (column < uniforms.turnedColumns) {
      let angle = (row % uniforms.positions) * 2 * uniforms.pairs + column % (2 * uniforms.pairs);
      let along = angles[angle];
      let across = angles[angle + uniforms.pairs];
      let turned = first * along - second * across;
      second = second * along + first * across;
      first = turned;
    }
    let at = row * uniforms.resultStride;
    result[at + column] = first;
    result[at + other] = second;
    if (uniforms.activation > 0) { result[at + uniforms.columns + column] = gated(first, second); }
  }`
