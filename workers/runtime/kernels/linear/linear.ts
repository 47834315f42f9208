import { add, fused, matMul, sum, tensor1d, tensor2d, type Tensor1D, type Tensor2D } from '@tensorflow/tfjs-core'
import type { WeightFormat } from '../../../protocol/tuning.ts'
import { asMatrix, type Columns } from '../../columns.ts'
import { disposeAll } from '../../tensors.ts'
import { largestBinding } from '../../wgsl/program.ts'
import { rotate, type Turning } from '../rope/rope.ts'
import { hasWgslRope } from '../rope/wgsl.ts'
import { roundToInt8, scaleColumns } from './formats.ts'
import { crossProduct } from '../products.ts'
import { outputsOfPacked, pack, type Layout, type Packed } from './packed.ts'
import { createShards, needsShards, shardsBackward, shardsForward, type Shard } from './shards.ts'
import { hasSimdProduct, simdProduct, type SimdWeight } from '../../simd/product.ts'
import { hasWgslLinear, wgslLinear, wgslLinearBackward, type RowNorm } from './wgsl/linear.ts'

/**
 * A linear map y = x W + b. On a GPU and on WASM one copy of W is read both ways. Elsewhere Wᵀ is kept beside W: the
 * backward pass needs dx = dy Wᵀ, and a matmul with a transpose flag runs about ten times slower on a WASM backend
 * without our kernels than one without. Weights never change in place: backends pack them once for each tensor.
 */
export type Linear = PackedLinear | ShardedLinear | SimdLinear | PlainLinear

type PackedLinear = {
  readonly kind: 'packed'
  readonly w: Packed
  /** b `[out]`. */
  readonly b: Tensor1D | null
}

type ShardedLinear = { readonly kind: 'sharded'; readonly shards: readonly Shard[] }

type SimdLinear = {
  readonly kind: 'simd'
  readonly w: SimdWeight
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
  readonly weight: Float32Array
  /** Inputs and outputs. */
  readonly shape: readonly [inner: number, outer: number]
  /** How `weight` stands, `in-out` where not given. */
  readonly layout?: Layout
  readonly bias: Float32Array | null
  /** int8 rounds here; weights for f16 come rounded. */
  readonly format: WeightFormat
  /**
   * `[out]`: y = (x W) ⊙ scale + b. A constant that is folded into a map's outputs stands here and not in W, whose
   * numbers may be those of a narrow format.
   */
  readonly outputScale?: Float32Array | undefined
  /** Most bytes of an array that a kernel may bind, the device's limit where not given. */
  readonly mostBytes?: number
}

export function createLinear(parts: LinearParts): Linear {
  const { shape, bias, format, outputScale, layout } = parts
  const [inner, outer] = shape
  // What is rounded or scaled by output is done so by column.
  const turned = layout === 'out-in' && (format === 'int8' || outputScale !== undefined)
  const weight = turned ? transposed(parts.weight, outer, inner) : parts.weight
  const standing = turned || layout === undefined ? 'in-out' : layout
  if (hasWgslLinear(inner)) {
    const request = { weight, shape, layout: standing, format, outputScale } as const
    const mostBytes = parts.mostBytes ?? largestBinding()
    if (needsShards(shape, mostBytes)) return { kind: 'sharded', shards: createShards(request, { bias, mostBytes }) }
    return { kind: 'packed', w: pack(request), b: bias && tensor1d(bias) }
  }
  const values = format === 'int8' ? roundToInt8(weight, outer) : Float32Array.from(weight)
  if (outputScale) scaleColumns(values, outputScale)
  if (hasSimdProduct()) {
    const w = { values: tensor1d(values), layout: standing, inner, outer }
    return { kind: 'simd', w, b: bias && tensor1d(bias) }
  }
  const [w, wT] =
    standing === 'in-out' ? [values, transposed(values, inner, outer)] : [transposed(values, outer, inner), values]
  return { kind: 'plain', w: tensor2d(w, [inner, outer]), wT: tensor2d(wT, [outer, inner]), b: bias && tensor1d(bias) }
}

export type Around = {
  /** Of x before it is multiplied; where the layer is packed alone. */
  readonly norm?: RowNorm | null | undefined
  /** Of y, whose heads are turned by their positions. */
  readonly turning?: Turning | undefined
}

/** x `[n, in]` to y `[n, out]`. */
export function linear(x: Columns, layer: Linear, { norm = null, turning }: Around = {}): Tensor2D {
  if (layer.kind === 'packed' && turning && hasWgslRope(turning)) {
    return wgslLinear(x, layer.w, { bias: layer.b, norm, turning })
  }
  const y = layer.kind === 'packed' ? wgslLinear(x, layer.w, { bias: layer.b, norm }) : unpacked(x, layer, norm)
  return turning ? rotate(y, { ...turning, direction: 1 }) : y
}

function unpacked(x: Columns, layer: Exclude<Linear, PackedLinear>, norm: RowNorm | null): Tensor2D {
  if (norm) throw new Error('linear: a norm goes with packed weights alone')
  if (layer.kind === 'simd') return simdProduct(x, layer.w, { bias: layer.b })
  const rows = asMatrix(x)
  if (layer.kind === 'sharded') return shardsForward(rows, layer.shards)
  if (layer.b === null) return matMul<Tensor2D>(rows, layer.w)
  // The product of two matrices; tfjs types it as a tensor of any rank.
  return fused.matMul({ a: rows, b: layer.w, bias: layer.b }) as Tensor2D
}

/** x + y W + b in one go: the residual form that both halves of a block end with. */
export function linearResidual(residual: Tensor2D, x: Columns, layer: Linear): Tensor2D {
  if (layer.kind === 'packed') return wgslLinear(x, layer.w, { bias: layer.b, plus: residual })
  if (layer.kind === 'simd') return simdProduct(x, layer.w, { bias: layer.b, plus: residual })
  return add<Tensor2D>(residual, linear(x, layer))
}

/** dy `[n, out]` to dx `[n, in]`, with `plus` `[n, in]` added. */
export function linearBackward(dy: Columns, layer: Linear, plus?: Tensor2D): Tensor2D {
  if (layer.kind === 'packed') return wgslLinearBackward(dy, layer.w, plus && { plus })
  if (layer.kind === 'simd') return simdProduct(dy, layer.w, { turned: true, plus: plus ?? null })
  const rows = asMatrix(dy)
  const dx = layer.kind === 'sharded' ? shardsBackward(rows, layer.shards) : matMul<Tensor2D>(rows, layer.wT)
  return plus ? add(dx, plus) : dx
}

/** Whether {@link joinedLinear} joins maps of these inputs and outputs: where a map is no copy of its own. */
export function joinsLinear([inner, outer]: readonly [number, number], firstOutputs: number): boolean {
  return hasWgslLinear(inner) && firstOutputs % 4 === 0 && !needsShards([inner, outer], largestBinding())
}

/**
 * Two maps of the same inputs as one, `parts`, whose outputs are those of the first beside those of the second; the two
 * then are parts of its numbers.
 */
export function joinedLinear(
  parts: LinearParts,
  firstOutputs: number,
): { readonly joint: Linear; readonly first: Linear; readonly second: Linear } {
  const joint = createLinear(parts)
  if (joint.kind !== 'packed') throw new Error('joinedLinear: such maps are not joined')
  const part = (from: number, count: number): Linear => ({
    kind: 'packed',
    w: outputsOfPacked(joint.w, from, count),
    b: parts.bias && tensor1d(parts.bias.subarray(from, from + count)),
  })
  return { joint, first: part(0, firstOutputs), second: part(firstOutputs, parts.shape[1] - firstOutputs) }
}

/** x `[n, in]` and dy `[n, out]` to dW `[in, out]` and db `[out]`, summed over the rows. */
export function linearWeightGradient(x: Tensor2D, dy: Tensor2D): { readonly w: Tensor2D; readonly b: Tensor1D } {
  return { w: crossProduct(x, dy), b: sum<Tensor1D>(dy, 0) }
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
