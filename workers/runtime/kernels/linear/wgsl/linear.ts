/**
 * Y = (f(X) W) ⊙ scale with everything around it in one dispatch; or Y = (X ⊙ scale) Wᵀ, the way back, from the same
 * stored W. A row's results are summed over the inner axis in one fixed order, wherever in the batch it stands.
 *
 *   X `[n, inner]`, rows may be longer    W `[inner, columns]`, or turned `[columns, inner]`    Y `[n, columns]`
 *
 * Numbers are multiplied and added in float32 whatever W is stored as.
 */
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { isSoftwareGpu, onGpu, runWgsl, type WgslKernel } from '../../../wgsl/program.ts'
import { wgslGelu } from '../../gelu/wgsl.ts'
import { GELU } from '../../../wgsl/snippets.ts'
import type { Packed } from '../packed.ts'
import { cutFor, type Cut } from './cuts.ts'
import { direct } from './direct.ts'
import { tiled } from './tiled.ts'
import { WEIGHT_LANES, weightAt } from './weights.ts'

export type Around = {
  /** From outputs to inputs: for gradients. */
  readonly back?: boolean
  readonly bias?: Tensor1D | null
  /** Whether X passes through GELU on its way in. */
  readonly geluInput?: boolean
  /** `[r, out]`: Y is multiplied with GELU's slope there; row i of Y takes row i mod r. */
  readonly slopeAt?: Tensor2D
  /** `[n, out]`, added to Y. */
  readonly plus?: Tensor2D
}

/** Whether {@link wgslLinear} takes so many inputs; tfjs's own product takes the others. */
export function hasWgslLinear(inner: number): boolean {
  return onGpu() && inner % 4 === 0
}

/** x `[n, in]` (rows may be longer: what is beyond `in` is left out) to `[n, out]`; the best known cut if none is chosen. */
export function wgslLinear(x: Tensor2D, w: Packed, around: Around = {}, chosen?: Cut): Tensor2D {
  const [rows, stride] = x.shape
  const { back = false, bias, slopeAt, plus } = around
  const [inner, columns] = back ? [w.outer, w.inner] : [w.inner, w.outer]
  // Fused, every invocation of a row would compute it again.
  if (around.geluInput === true && isSoftwareGpu()) return wgslLinear(wgslGelu(x), w, { ...around, geluInput: false })
  const cut = chosen ?? cutFor(rows, columns)
  return runWgsl(kernelOf(cut, w), {
    // What is not there is not read either; its place has to be taken all the same.
    inputs: [x, w.values, w.scales ?? x, bias ?? x, slopeAt ?? x, plus ?? x],
    shape: [rows, columns],
    uniforms: {
      rows,
      inner: inner / 4,
      columns: columns / 4,
      stride: stride / 4,
      turned: Number(back === (w.layout === 'in-out')),
      scaleInput: Number(back && w.scales !== null),
      scaleOutput: Number(!back && w.scales !== null),
      geluInput: Number(around.geluInput === true),
      hasBias: Number(Boolean(bias)),
      slopeRows: slopeAt?.shape[0] ?? 0,
      hasPlus: Number(plus !== undefined),
    },
    workgroups: [Math.ceil(columns / (4 * cut.columns * cut.across)), Math.ceil(rows / (cut.rows * cut.down)), 1],
  })
}

const UNIFORMS = [
  'rows',
  'inner',
  'columns',
  'stride',
  'turned',
  'scaleInput',
  'scaleOutput',
  'geluInput',
  'hasBias',
  'slopeRows',
  'hasPlus',
] as const

/** One kernel for all that may be around: a branch that all invocations take alike costs less than another pipeline. */
function kernelOf(cut: Cut, { storage }: Packed): WgslKernel {
  return {
    key: ['softpost-linear', storage, ...Object.values(cut)].join('-'),
    threads: cut.down * cut.across,
    inputs: { x: 4, w: WEIGHT_LANES[storage], scales: 4, bias: 4, slopeAt: 4, plus: 4 },
    uniforms: UNIFORMS,
    code: `
  ${GELU}
  ${weightAt(storage)}
  fn loadX(row : i32, deep : i32) -> vec4<f32> {
    var value = x[row * uniforms.stride + deep];
    ${cut.kind === 'tiled' ? 'if (uniforms.geluInput > 0) { value = gelu(value); }' : ''}
    if (uniforms.scaleInput > 0) { value *= scales[deep]; }
    return value;
  }
  fn store(row : i32, column : i32, sum : vec4<f32>) {
    if (row >= uniforms.rows || column >= uniforms.columns) { return; }
    let at = row * uniforms.columns + column;
    var y = sum;
    if (uniforms.scaleOutput > 0) { y *= scales[column]; }
    if (uniforms.hasBias > 0) { y += bias[column]; }
    if (uniforms.slopeRows > 0) { y *= geluSlope(slopeAt[(row % uniforms.slopeRows) * uniforms.columns + column]); }
    if (uniforms.hasPlus > 0) { y += plus[at]; }
    result[at] = y;
  }
  ${cut.kind === 'tiled' ? tiled(cut) : direct(cut)}`,
  }
}
