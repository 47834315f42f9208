import {
  add,
  fused,
  matMul,
  mul,
  sum,
  tensor1d,
  tensor2d,
  transpose,
  type Tensor1D,
  type Tensor2D,
} from '@tensorflow/tfjs-core'
import type { WeightFormat } from '../../../protocol/tuning.ts'
import { gelu, geluSlope, type GeluSaved } from '../gelu/gelu.ts'
import { perCopy } from '../copies.ts'
import { disposeAll } from '../../tensors.ts'
import { roundToInt8, scaleColumns } from './formats.ts'
import { pack, type Packed } from './packed.ts'
import { hasWgslLinear, wgslLinear } from './wgsl/linear.ts'

/**
 * A linear map y = x W + b. On a GPU one packed copy of W is read both ways. Elsewhere Wᵀ is kept beside W: the backward
 * pass needs dx = dy Wᵀ, and a matmul with a transpose flag runs about ten times slower on tfjs's WASM backend than one
 * without. Weights never change in place: the backend packs them once for each tensor.
 */
export type Linear = PackedLinear | PlainLinear

type PackedLinear = {
  readonly kind: 'packed'
  readonly w: Packed
  /** b `[out]`. */
  readonly b: Tensor1D | null
}

type PlainLinear = {
  readonly kind: 'plain'
  /** W `[in, out]`. */
  readonly w: Tensor2D
  /** Wᵀ `[out, in]`. */
  readonly wT: Tensor2D
  /** b `[out]`. */
  readonly b: Tensor1D | null
}

export type LinearParts = {
  /** `[in, out]` row by row. */
  readonly weight: Float32Array
  readonly shape: readonly [rows: number, columns: number]
  readonly bias: Float32Array | null
  /** int8 rounds here; weights for f16 come rounded. */
  readonly format: WeightFormat
  /**
   * `[out]`: y = (x W) ⊙ scale + b. A constant that is folded into a map's outputs stands here and not in W, whose
   * numbers may be those of a narrow format.
   */
  readonly outputScale?: Float32Array | undefined
}

export function createLinear({ weight, shape, bias, format, outputScale }: LinearParts): Linear {
  const [rows, columns] = shape
  const b = bias ? tensor1d(bias) : null
  if (hasWgslLinear(shape)) return { kind: 'packed', w: pack(weight, shape, { format, outputScale }), b }
  const values = format === 'int8' ? roundToInt8(weight, columns) : Float32Array.from(weight)
  if (outputScale) scaleColumns(values, outputScale)
  return {
    kind: 'plain',
    w: tensor2d(values, [rows, columns]),
    wT: tensor2d(transposed(values, rows, columns), [columns, rows]),
    b,
  }
}

/** x `[n, in]` to y `[n, out]`. */
export function linear(x: Tensor2D, layer: Linear): Tensor2D {
  if (layer.kind === 'packed') return wgslLinear(x, layer.w, { bias: layer.b })
  if (layer.b === null) return matMul<Tensor2D>(x, layer.w)
  // The product of two matrices; tfjs types it as a tensor of any rank.
  return fused.matMul({ a: x, b: layer.w, bias: layer.b }) as Tensor2D
}

/** x + y W + b in one go: the residual form that both halves of a block end with. */
export function linearResidual(residual: Tensor2D, x: Tensor2D, layer: Linear): Tensor2D {
  if (layer.kind === 'packed') return wgslLinear(x, layer.w, { bias: layer.b, plus: residual })
  return add<Tensor2D>(residual, linear(x, layer))
}

/**
 * dy `[n, out]` to dx `[n, in]`, with `plus` `[n, in]` added. On a GPU rows of dy may be longer: what is beyond `out` is
 * left out.
 */
export function linearBackward(dy: Tensor2D, layer: Linear, plus?: Tensor2D): Tensor2D {
  if (layer.kind === 'packed') return wgslLinear(dy, layer.w, { turned: true, ...(plus && { plus }) })
  const dx = matMul<Tensor2D>(dy, layer.wT)
  return plus ? add(dx, plus) : dx
}

/** What the way back through {@link geluLinearResidual} needs. */
export type GeluLinearSaved =
  | { readonly kind: 'input'; readonly u: Tensor2D }
  | { readonly kind: 'gate'; readonly gelu: GeluSaved }
  | { readonly kind: 'slope'; readonly slope: Tensor2D }

/** residual + gelu(u) W + b, from u `[n, in]`. */
export function geluLinearResidual(
  residual: Tensor2D,
  u: Tensor2D,
  layer: Linear,
): { readonly y: Tensor2D; readonly saved: GeluLinearSaved } {
  if (layer.kind === 'packed') {
    const y = wgslLinear(u, layer.w, { bias: layer.b, geluInput: true, plus: residual })
    return { y, saved: { kind: 'input', u } }
  }
  const hidden = gelu(u)
  return { y: linearResidual(residual, hidden.y, layer), saved: { kind: 'gate', gelu: hidden.saved } }
}

/** For a pass that many gradients go back through: what each of them would compute again. */
export function preparedGelu(saved: GeluLinearSaved): GeluLinearSaved {
  return saved.kind === 'gate' ? { kind: 'slope', slope: geluSlope(saved.gelu) as Tensor2D } : saved
}

/** dy `[m·n, out]` to du `[m·n, in]`: m gradients that go back through the one pass saved, `[n, in]`. */
export function geluLinearBackward(dy: Tensor2D, saved: GeluLinearSaved, layer: Linear): Tensor2D {
  if (saved.kind === 'input') {
    if (layer.kind !== 'packed') throw new Error('geluLinearBackward: the pass was that of another layer')
    return wgslLinear(dy, layer.w, { turned: true, slopeAt: saved.u })
  }
  const slope = saved.kind === 'slope' ? saved.slope : (geluSlope(saved.gelu) as Tensor2D)
  return perCopy(linearBackward(dy, layer), slope, mul)
}

/** x `[n, in]` and dy `[n, out]` to dW `[in, out]` and db `[out]`, summed over the rows. */
export function linearWeightGradient(x: Tensor2D, dy: Tensor2D): { readonly w: Tensor2D; readonly b: Tensor1D } {
  return { w: matMul<Tensor2D>(transpose(x), dy), b: sum<Tensor1D>(dy, 0) }
}

export function disposeLinear(layer: Linear): void {
  disposeAll(layer)
}

/** Row-major `[rows, columns]` to `[columns, rows]`. */
export function transposed(values: Float32Array, rows: number, columns: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(values.length)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) out[column * rows + row] = values[row * columns + column] ?? 0
  }
  return out
}
