import {
  add,
  fused,
  matMul,
  sum,
  tensor1d,
  tensor2d,
  transpose,
  type Tensor1D,
  type Tensor2D,
} from '@tensorflow/tfjs-core'

/**
 * A linear map y = x W + b. Wᵀ is kept beside W: the backward pass needs dx = dy Wᵀ, and a matmul with a transpose flag
 * runs about ten times slower on tfjs's WASM backend than one without. Weights never change in place: the backend packs
 * them once for each tensor.
 */
export type Linear = {
  /** W `[in, out]`. */
  readonly w: Tensor2D
  /** Wᵀ `[out, in]`. */
  readonly wT: Tensor2D
  /** b `[out]`. */
  readonly b: Tensor1D | null
}

/** `weight` is `[in, out]` row by row. */
export function createLinear(
  weight: Float32Array,
  shape: readonly [rows: number, columns: number],
  bias: Float32Array | null,
): Linear {
  const [rows, columns] = shape
  return {
    w: tensor2d(weight, [rows, columns]),
    wT: tensor2d(transposed(weight, rows, columns), [columns, rows]),
    b: bias ? tensor1d(bias) : null,
  }
}

/** x `[n, in]` to y `[n, out]`. */
export function linear(x: Tensor2D, layer: Linear): Tensor2D {
  if (layer.b === null) return matMul<Tensor2D>(x, layer.w)
  // The product of two matrices; tfjs types it as a tensor of any rank.
  return fused.matMul({ a: x, b: layer.w, bias: layer.b }) as Tensor2D
}

/** dy `[n, out]` to dx `[n, in]`. */
export function linearBackward(dy: Tensor2D, layer: Linear): Tensor2D {
  return matMul(dy, layer.wT)
}

/** x `[n, in]` and dy `[n, out]` to dW `[in, out]` and db `[out]`, summed over the rows. */
export function linearWeightGradient(x: Tensor2D, dy: Tensor2D): { readonly w: Tensor2D; readonly b: Tensor1D } {
  return { w: matMul<Tensor2D>(transpose(x), dy), b: sum<Tensor1D>(dy, 0) }
}

/** x + y W + b in one go: the residual form that both halves of a block end with. */
export function linearResidual(residual: Tensor2D, x: Tensor2D, layer: Linear): Tensor2D {
  return add<Tensor2D>(residual, linear(x, layer))
}

export function disposeLinear(layer: Linear): void {
  layer.w.dispose()
  layer.wT.dispose()
  layer.b?.dispose()
}

/** Row-major `[rows, columns]` to `[columns, rows]`. */
export function transposed(values: Float32Array, rows: number, columns: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(values.length)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) out[column * rows + row] = values[row * columns + column] ?? 0
  }
  return out
}
