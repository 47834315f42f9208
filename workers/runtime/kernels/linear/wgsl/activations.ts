/** Activations that a product applies to its outputs, and their slopes on the way back. */
import { GELU, NORMAL, SIGMOID } from '../../../wgsl/snippets.ts'

/** Of a gated one the first half of the outputs are the gates of the second. */
export type Activation = 'gelu-tanh' | 'gelu-erf' | 'gated-silu'

/** As a uniform carries it; 0 is none. */
export const ACTIVATION_NUMBERS: Readonly<Record<Activation, number>> = {
  'gelu-tanh': 1,
  'gelu-erf': 2,
  'gated-silu': 3,
}

/** Outputs of W of an activation's result; 2 where half of them are gates. */
export function outputsEach(activation: Activation): 1 | 2 {
  return activation === 'gated-silu' ? 2 : 1
}

/** `activated(u)` and `slope(u)` of what is not gated, by the uniform `activation`. */
export const PLAIN_ACTIVATIONS = `
  ${GELU}
  ${NORMAL}
  fn activated(u : vec4<f32>) -> vec4<f32> {
    if (uniforms.activation == 1) { return gelu(u); }
    return u * cumulative(u);
  }
  fn slope(u : vec4<f32>) -> vec4<f32> {
    if (uniforms.activation == 1) { return geluSlope(u); }
    return cumulative(u) + u * density(u);
  }`

/** Of silu(gate) ⊙ up: `gated(gate, up)`, and its slopes along both. */
export const GATED = `
  ${SIGMOID}
  fn gated(gate : vec4<f32>, up : vec4<f32>) -> vec4<f32> {
    return gate * sigmoid(gate) * up;
  }
  fn slopeOfGate(gate : vec4<f32>, up : vec4<f32>) -> vec4<f32> {
    let s = sigmoid(gate);
    return up * (s + gate * s * (1.0 - s));
  }`
