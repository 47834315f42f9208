/** An invocation for each row and head, without barriers: what a GPU that is a program on the CPU is good at. */
import type { WgslKernel } from '../../../wgsl/program.ts'
import { KEYS, LANES, ROW_INPUTS, ROW_UNIFORMS, type Row } from './shared.ts'

// Loops of a length that the compiler does not know: unrolled, they take a software GPU a minute to compile.

/** The output `[d]`, and behind it for each head the log of the sum of exp(score). */
export function directForward({ capacity, headWidth }: Row): WgslKernel {
  return {
    key: `softpost-attention-direct-${capacity}-${headWidth}`,
    threads: LANES,
    inputs: ROW_INPUTS,
    uniforms: ROW_UNIFORMS,
    code: `
  var<private> held : array<vec4<f32>, ${headWidth}>;
  var<private> mixed : array<vec4<f32>, ${headWidth}>;
  var<private> weights : array<f32, ${capacity}>;
  ${KEYS}
  fn along(key : i32, at : i32) -> f32 {
    var sum = 0.0;
    if (key < uniforms.prefixRows) {
      for (var i = 0; i < uniforms.headWidth; i++) { sum += dot(held[i], prefix[at + i]); }
    } else {
      for (var i = 0; i < uniforms.headWidth; i++) { sum += dot(held[i], kv[at + i]); }
    }
    return sum;
  }
  fn mix(weight : f32, key : i32, at : i32) {
    if (key < uniforms.prefixRows) {
      for (var i = 0; i < uniforms.headWidth; i++) { mixed[i] += weight * prefix[at + i]; }
    } else {
      for (var i = 0; i < uniforms.headWidth; i++) { mixed[i] += weight * kv[at + i]; }
    }
  }
  fn main(index : i32) {
    let row = i32(workgroupId.x) * ${LANES} + i32(localIndex);
    if (row >= uniforms.rows) { return; }
    let head = i32(workgroupId.y);
    let text = row / uniforms.queries;
    let count = uniforms.prefixRows + seen[row % uniforms.seenRows];
    let queryAt = row * uniforms.qStride + uniforms.qFrom + head * uniforms.headWidth;
    for (var i = 0; i < uniforms.headWidth; i++) { held[i] = q[queryAt + i]; }
    var top = -3e38;
    for (var key = 0; key < count; key++) {
      let score = along(key, keyAt(key, text, head));
      weights[key] = score;
      top = max(top, score);
    }
    var sum = 0.0;
    for (var key = 0; key < count; key++) {
      let weight = exp(weights[key] - top);
      weights[key] = weight;
      sum += weight;
    }
    for (var key = 0; key < count; key++) {
      mix(weights[key], key, keyAt(key, text, head) + uniforms.keyWidth);
    }
    let to = row * (uniforms.width + uniforms.heads);
    for (var i = 0; i < uniforms.headWidth; i++) { result[to + head * uniforms.headWidth + i] = mixed[i] / sum; }
    result[to + uniforms.width + head] = vec4<f32>(top + log(sum), 0.0, 0.0, 0.0);
  }`,
  }
}
