/** What each key gets of the few vectors that its gradient is made of, see ../keyFactors.ts: an invocation for each. */
import type { WgslKernel } from '../../../wgsl/program.ts'
import { KEY_PLACES, KEYS, LANES } from './shared.ts'

/** The gradients of a text's scores by query, head and key, and then its probabilities. */
export function keyCoefficients(): WgslKernel {
  return {
    key: 'softpost-attention-key-coefficients',
    threads: LANES,
    inputs: { q: 4, kv: 4, prefix: 4, seen: 1, ownOut: 4, dOut: 4 },
    uniforms: ['keys', ...KEY_PLACES],
    result: { lanes: 1, dtype: 'float32' },
    code: `
  ${KEYS}
  fn main(index : i32) {
    let at = i32(workgroupId.x) * ${LANES} + i32(localIndex);
    let each = uniforms.queries * uniforms.heads;
    if (at >= each * uniforms.keys) { return; }
    let key = at % uniforms.keys;
    let ofText = at / uniforms.keys;
    let head = ofText % uniforms.heads;
    let text = i32(workgroupId.y);
    let row = text * uniforms.queries + ofText / uniforms.heads;
    var probability = 0.0;
    var slope = 0.0;
    if (key < uniforms.prefixRows + seen[row % uniforms.seenRows]) {
      let inHead = head * uniforms.headWidth;
      let begins = row * uniforms.qStride + uniforms.qFrom + inHead;
      let arrives = row * uniforms.width + inHead;
      let outAt = row * (uniforms.width + uniforms.heads);
      let keyBegins = keyAt(key, text, head);
      var score = 0.0;
      var along = 0.0;
      for (var i = 0; i < uniforms.headWidth; i++) {
        score += dot(q[begins + i], keyOrValue(key, keyBegins + i));
        along += dot(dOut[arrives + i], keyOrValue(key, keyBegins + uniforms.keyWidth + i) - ownOut[outAt + inHead + i]);
      }
      probability = exp(min(score - ownOut[outAt + uniforms.width + head].x, 0.0));
      slope = probability * along;
    }
    let vector = text * 2 * each + ofText;
    result[vector * uniforms.keys + key] = slope;
    result[(vector + each) * uniforms.keys + key] = probability;
  }`,
  }
}
