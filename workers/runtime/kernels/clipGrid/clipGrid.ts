/**
 * Clipping to a norm, rounding to an integer grid and exact sums on the GPU: `workers/privacy/contribution.ts` says what
 * and why, this is the same in float32, and the bound on the norm is checked in integers as it is there.
 *
 * For each example (a workgroup), with g its gradient, u a power of two near 1 / max|g|, C the clip norm and D the bound:
 *
 *   f = gradientSteps / max(‖g u‖, C u)
 *   k = round(g u f s) beside round(scores · scoreSteps · s), s = 1, or `shrink` where the norm of that is above D
 *   verdict = 1 where Σ k² <= D² and all figures are finite, else 0
 *
 * What makes the bound on the norm hold, whatever floating point does:
 * - integers are clamped to ±(D + 1) after the conversion, so a square is at most (2^15 + 1)² < 2^31 and shows that its
 *   number left the grid; Σ k² saturates at D² + 1 at every addition and every node of the reduction, so that no sum is
 *   above 2^30 + 1 + 2^30 + 2^16 + 1 < 2^32;
 * - the verdict is over the very integers that are stored, and the sum takes a row by its verdict alone, by an integer
 *   comparison;
 * - infinity and NaN, whose absence a shader compiler may assume, are found by their exponents' bits.
 *
 * What makes an example's integers depend on nothing but the example: a workgroup reads its own row alone, in strides and
 * a reduction whose order follows from the row's length. Sums over examples are of integers and exact: at most 2^15 of
 * them, each within ±2^15, stay within 32 bits.
 */
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core'
import { bitsOf } from '../../bits.ts'
import { isSoftwareGpu, onGpu, runWgsl, type WgslKernel } from '../../wgsl/program.ts'
import { reduction } from '../../wgsl/snippets.ts'

export type GridPlan = {
  /** Values of a gradient, P·d. */
  readonly size: number
  /** C, in the gradient's own units. */
  readonly clipNorm: number
  /** D, 2^15 at most. */
  readonly gridNorm: number
  /** Grid steps of a gradient of norm C, and of a score's whole range. */
  readonly gradientSteps: number
  readonly scoreSteps: number
  /** L: losses are cut at it. */
  readonly lossBound: number
  /** Of a vector whose rounding left the ball. */
  readonly shrink: number
}

/** Examples whose sum is sure to fit 32 bits. */
export const MOST_SUMMED = 2 ** 15
/** C u stays finite. */
const MOST_CLIP_NORM = 2 ** 60

/** The last vec4 of a row: the three curve figures, then the verdict. */
const FIGURES = 4

export function hasClipGrid({ size, clipNorm }: Pick<GridPlan, 'size' | 'clipNorm'>): boolean {
  return onGpu() && size % 4 === 0 && clipNorm <= MOST_CLIP_NORM
}

function clipKernel(threads: number): WgslKernel {
  return {
    key: `softpost-clip-grid-${threads}`,
    threads,
    inputs: { gradient: 4, figures: 4 },
    uniforms: ['size', 'figureColumns', 'gridNorm', 'clipNorm', 'gradientSteps', 'scoreSteps', 'lossBound', 'shrink'],
    result: { lanes: 4, dtype: 'int32' },
    code: `
  ${reduction({ name: 'maxOfBits', type: 'u32', threads, combine: 'max(a, b)' })}
  ${reduction({ name: 'sumOfAll', type: 'f32', threads, combine: 'a + b' })}
  ${reduction({ name: 'sumOfSquares', type: 'u32', threads, combine: 'saturated(a + b)' })}

  fn saturated(sum : u32) -> u32 {
    return min(sum, u32(uniforms.gridNorm * uniforms.gridNorm) + 1u);
  }
  /** Nearest integers, ties to even; beyond the grid its first step outside. */
  fn onGrid(x : vec4<f32>) -> vec4<i32> {
    let beyond = uniforms.gridNorm + 1;
    let rounded = vec4<i32>(round(clamp(x, vec4<f32>(f32(-beyond)), vec4<f32>(f32(beyond)))));
    return clamp(rounded, vec4<i32>(-beyond), vec4<i32>(beyond));
  }
  fn addSquares(sum : u32, k : vec4<i32>) -> u32 {
    let squares = vec4<u32>(k * k);
    return saturated(saturated(saturated(saturated(sum + squares.x) + squares.y) + squares.z) + squares.w);
  }
  fn magnitudeBits(x : vec4<f32>) -> u32 {
    let bits = bitcast<vec4<u32>>(x) & vec4<u32>(0x7fffffffu);
    return max(max(bits.x, bits.y), max(bits.z, bits.w));
  }

  fn main(index : i32) {
    let lane = i32(localIndex);
    let row = i32(workgroupId.x);
    let begin = row * uniforms.size;
    let to = row * (uniforms.size + 1);
    let outcome = figures[row * uniforms.figureColumns];

    var bits = magnitudeBits(vec4<f32>(outcome.xy, 0.0, 0.0));
    var own = 0u;
    for (var i = lane; i < uniforms.size; i += ${threads}) { own = max(own, magnitudeBits(gradient[begin + i])); }
    let largest = maxOfBits(own, lane);
    let finite = max(bits, largest) < 0x7f800000u;
    let unit = bitcast<f32>(u32(127 - clamp(i32(largest >> 23u) - 127, -60, 126)) << 23u);

    var along = 0.0;
    for (var i = lane; i < uniforms.size; i += ${threads}) {
      let value = gradient[begin + i] * unit;
      along += dot(value, value);
    }
    let norm = sqrt(sumOfAll(along, lane));
    let bound = bitcast<f32>(uniforms.clipNorm) * unit;
    let steps = bitcast<f32>(uniforms.gradientSteps) / max(norm, bound);
    let lossBound = bitcast<f32>(uniforms.lossBound);
    let scores = bitcast<f32>(uniforms.scoreSteps) * vec4<f32>(
      clamp(outcome.x, 0.0, lossBound) / lossBound - 0.5,
      clamp(outcome.y, 0.0, 1.0) - 0.5,
      select(-0.5, 0.5, norm > bound),
      0.0);

    var squares = 0u;
    if (lane == 0) { squares = addSquares(squares, onGrid(scores)); }
    for (var i = lane; i < uniforms.size; i += ${threads}) {
      squares = addSquares(squares, onGrid(gradient[begin + i] * unit * steps));
    }
    let fits = sumOfSquares(squares, lane) <= u32(uniforms.gridNorm * uniforms.gridNorm);
    let shrink = select(bitcast<f32>(uniforms.shrink), 1.0, fits);

    let curves = onGrid(scores * shrink);
    squares = 0u;
    if (lane == 0) { squares = addSquares(squares, curves); }
    for (var i = lane; i < uniforms.size; i += ${threads}) {
      let k = onGrid(gradient[begin + i] * unit * (steps * shrink));
      result[to + i] = k;
      squares = addSquares(squares, k);
    }
    let stays = sumOfSquares(squares, lane) <= u32(uniforms.gridNorm * uniforms.gridNorm);
    if (lane == 0) { result[to + uniforms.size] = vec4<i32>(curves.xyz, select(0, 1, finite && stays)); }
  }`,
  }
}

const SUM_THREADS = 64

const SUM: WgslKernel = {
  key: 'softpost-grid-sum',
  threads: SUM_THREADS,
  inputs: { integers: 4, previous: 4 },
  uniforms: ['size', 'count', 'hasPrevious'],
  result: { lanes: 4, dtype: 'int32' },
  code: `
  fn main(index : i32) {
    let column = i32(workgroupId.x) * ${SUM_THREADS} + i32(localIndex);
    let columns = uniforms.size + 1;
    if (column >= columns) { return; }
    var sum = vec4<i32>(0);
    if (uniforms.hasPrevious > 0) { sum = previous[column]; }
    for (var row = 0; row < uniforms.count; row++) {
      if (integers[row * columns + uniforms.size].w == 1) { sum += integers[row * columns + column]; }
    }
    // How many there were is nobody's business.
    if (column == uniforms.size) { sum.w = 0; }
    result[column] = sum;
  }`,
}

/**
 * Gradients `[m, P, d]` and the figures of `wgslLabelLoss` to integers `[m, P·d + 4]`: a row's vector, its three curve
 * figures (loss, correctness, clipping), its verdict.
 */
export function clipToGrid(gradient: Tensor, figures: Tensor2D, plan: GridPlan): Tensor2D {
  const texts = figures.shape[0]
  return runWgsl(clipKernel(isSoftwareGpu() ? 64 : 256), {
    inputs: [gradient, figures],
    shape: [texts, plan.size + FIGURES],
    uniforms: {
      size: plan.size / 4,
      figureColumns: figures.shape[1] / 4,
      gridNorm: plan.gridNorm,
      clipNorm: bitsOf(plan.clipNorm),
      gradientSteps: bitsOf(plan.gradientSteps),
      scoreSteps: bitsOf(plan.scoreSteps),
      lossBound: bitsOf(plan.lossBound),
      shrink: bitsOf(plan.shrink),
    },
    workgroups: [texts, 1, 1],
  })
}

/** Of the first `count` rows whose verdict is good, and of `previous`: `[1, P·d + 4]`, the last value 0. */
export function sumOnGrid(integers: Tensor2D, count: number, previous: Tensor2D | null): Tensor2D {
  const columns = integers.shape[1]
  return runWgsl(SUM, {
    // What is not there is not read either; its place has to be taken all the same.
    inputs: [integers, previous ?? integers],
    shape: [1, columns],
    uniforms: { size: columns / 4 - 1, count, hasPrevious: Number(previous !== null) },
    workgroups: [Math.ceil(columns / 4 / SUM_THREADS), 1, 1],
  })
}
