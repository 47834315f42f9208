import { add, mul, sigmoid, square, sub, type Tensor } from '@tensorflow/tfjs-core'

/**
 * GELU with the tanh approximation (HF `gelu_new`): 0.5 x (1 + tanh u), u = √(2/π) (x + 0.044715 x³), which is
 * x σ(2u). The sigmoid form is the one used: tfjs's WASM tanh is scalar and ten times slower than its sigmoid.
 */
export type GeluSaved = { readonly x: Tensor; readonly gate: Tensor }

const TWO_SQRT_2_OVER_PI = 2 * Math.sqrt(2 / Math.PI)
const CUBIC = 0.044715

export function gelu<T extends Tensor>(x: T): { readonly y: T; readonly saved: GeluSaved } {
  const twoU = mul(x, add(mul(square(x), CUBIC * TWO_SQRT_2_OVER_PI), TWO_SQRT_2_OVER_PI))
  const gate = sigmoid(twoU)
  return { y: mul<T>(x, gate), saved: { x, gate } }
}

/** d gelu / dx at the saved point: σ + x σ (1 − σ) (2u)′. */
export function geluSlope(saved: GeluSaved): Tensor {
  const { x, gate } = saved
  const slopeOfTwoU = add(mul(square(x), 3 * CUBIC * TWO_SQRT_2_OVER_PI), TWO_SQRT_2_OVER_PI)
  return add(gate, mul(mul(x, mul(gate, sub(1, gate))), slopeOfTwoU))
}
