/**
 * Y = (norm(X) W) ⊙ scale with everything around it in one dispatch; or Y = (X ⊙ scale) Wᵀ, the way back, from the same
 * stored W. A row's results are summed over the inner axis in one fixed order, wherever in the batch it stands.
 *
 *   X `[n, inner]`, columns of longer rows    W `[inner, columns]`, or turned `[columns, inner]`    Y `[n, columns]`
 *
 * Numbers are multiplied and added in float32 whatever W is stored as.
 */
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import type { Columns } from '../../../columns.ts'
import { bitsOf, isSoftwareGpu, onGpu, runWgsl, type WgslKernel } from '../../../wgsl/program.ts'
import { GELU } from '../../../wgsl/snippets.ts'
import { SAVED_UNIFORMS, savedInputs, savedValue, type SequenceRows } from '../../sequences.ts'
import type { Packed } from '../packed.ts'
import { cutFor, type Cut } from './cuts.ts'
import { direct } from './direct.ts'
import { rowStatistics } from './statistics.ts'
import { tiled } from './tiled.ts'
import { WEIGHT_LANES, weightAt } from './weights.ts'

/** Of each row before it is multiplied; `bias` is null for an RMS norm, which has no mean either. */
export type RowNorm = { readonly gain: Tensor1D; readonly bias: Tensor1D | null; readonly eps: number }

/** From inputs to outputs. */
export type Forward = {
  readonly bias?: Tensor1D | null
  readonly norm?: RowNorm | null
  /** GELU(Y) beside Y: `[n, 2 · columns]`. */
  readonly gelu?: boolean
  /** `[n, columns]`, added to Y. */
  readonly plus?: Tensor2D
}

/** From outputs to inputs, for gradients. */
export type Backward = {
  /** Rows of which the first half is u `[·, columns]`: Y is multiplied with GELU's slope at u. */
  readonly slopeAt?: SequenceRows
  /** `[n, columns]`, added to Y. */
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
export function wgslLinear(x: Columns, w: Packed, { bias, norm, gelu = false, plus }: Forward = {}, chosen?: Cut) {
  return product(x, w, { bias: bias ?? null, norm: norm ?? null, gelu, plus: plus ?? null, chosen })
}

/** dy `[n, out]` to `[n, in]`. */
export function wgslLinearBackward(dy: Columns, w: Packed, { slopeAt, plus }: Backward = {}, chosen?: Cut): Tensor2D {
  return product(dy, w, { back: true, slopeAt: slopeAt ?? null, plus: plus ?? null, chosen })
}

type Around = {
  readonly back?: boolean
  readonly bias?: Tensor1D | null
  readonly norm?: RowNorm | null
  readonly gelu?: boolean
  readonly slopeAt?: SequenceRows | null
  readonly plus: Tensor2D | null
  readonly chosen: Cut | undefined
}

function product(rowsOf: Columns, w: Packed, around: Around): Tensor2D {
  const { x, from, count } = rowsOf
  const [rows, stride] = x.shape
  const { back = false, bias = null, norm = null, gelu = false, slopeAt = null, plus, chosen } = around
  const [inner, columns] = back ? [w.outer, w.inner] : [w.inner, w.outer]
  if (count !== inner) throw new Error(`wgslLinear: ${count} columns do not go through a map of ${inner} inputs`)
  const cut = chosen ?? cutFor(rows, columns)
  if (norm && cut.kind === 'direct') throw new Error('wgslLinear: no norm goes along with such a cut')
  const saved = slopeAt && savedInputs(slopeAt, rows)
  // What is not there is not read either; its place has to be taken all the same.
  const inputs: Tensor[] = [x, w.values, w.scales ?? x, bias ?? x]
  if (norm) inputs.push(norm.gain, norm.bias ?? norm.gain)
  else inputs.push(saved?.shared ?? x, saved?.own ?? x, plus ?? x)
  return runWgsl(kernelOf(cut, w, norm !== null), {
    inputs,
    shape: [rows, gelu ? 2 * columns : columns],
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
      hasGelu: Number(gelu),
      centred: Number(norm !== null && norm.bias !== null),
      eps: bitsOf(norm?.eps ?? 0),
      hasSlope: Number(saved !== null),
      savedStride: columns / 2,
      hasPlus: Number(plus !== null),
      ...saved?.uniforms,
    },
    workgroups: [Math.ceil(columns / (4 * cut.columns * cut.across)), Math.ceil(rows / (cut.rows * cut.down)), 1],
  })
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
  'hasGelu',
] as const

const NORM_UNIFORMS = [...UNIFORMS, 'centred', 'eps'] as const
const PLAIN_UNIFORMS = [...UNIFORMS, 'hasSlope', 'savedStride', 'hasPlus', ...SAVED_UNIFORMS] as const

/**
 * One kernel for all that may be around: a branch that all invocations take alike costs less than another pipeline. Only
 * the norm has one of its own: it takes arrays that the others need not have.
 */
function kernelOf(cut: Cut, { storage }: Packed, normed: boolean): WgslKernel {
  const threads = cut.down * cut.across
  const common = { x: 4, w: WEIGHT_LANES[storage], scales: 4, bias: 4 } as const
  return {
    key: ['softpost-linear', storage, ...Object.values(cut), ...(normed ? ['normed'] : [])].join('-'),
    threads,
    inputs: normed ? { ...common, gain: 4, shift: 4 } : { ...common, inShared: 4, inOwn: 4, plus: 4 },
    uniforms: normed ? NORM_UNIFORMS : PLAIN_UNIFORMS,
    code: `
  ${GELU}
  ${weightAt(storage)}
  ${normed ? rowStatistics(cut.rows * cut.down, threads) : savedValue('savedStride')}
  /** \`local\`: which of the workgroup's rows it is. */
  fn loadX(row : i32, local : i32, deep : i32) -> vec4<f32> {
    var value = x[row * uniforms.stride + uniforms.xFrom + deep];
    ${normed ? 'value = normed(value, local, deep);' : ''}
    if (uniforms.scaleInput > 0) { value *= scales[deep]; }
    return value;
  }
  fn store(row : i32, column : i32, sum : vec4<f32>) {
    if (row >= uniforms.rows || column >= uniforms.columns) { return; }
    var y = sum;
    if (uniforms.scaleOutput > 0) { y *= scales[column]; }
    if (uniforms.hasBias > 0) { y += bias[column]; }
    ${normed ? '' : SLOPE_AND_PLUS}
    let at = row * uniforms.columns * (1 + uniforms.hasGelu) + column;
    result[at] = y;
    if (uniforms.hasGelu > 0) { result[at + uniforms.columns] = gelu(y); }
  }
  ${cut.kind === 'tiled' ? tiled(cut, normed) : direct(cut)}`,
  }
}

const SLOPE_AND_PLUS = `
    if (uniforms.hasSlope > 0) { y *= geluSlope(saved(savedAt(row), column)); }
    if (uniforms.hasPlus > 0) { y += plus[row * uniforms.columns + column]; }`
