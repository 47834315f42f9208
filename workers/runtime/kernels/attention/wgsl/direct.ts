/** An invocation for each row (or key) and head, without barriers: what a GPU that is a program on the CPU is good at. */
import type { WgslKernel } from '../../../wgsl/program.ts'
import { KEY_UNIFORMS, KEYS, LANES, ROW_INPUTS, ROW_UNIFORMS, type KeyParts, type Row } from './shared.ts'

/** `weights[key]` = exp(score - top) of a row's query against the keys that it sees, `sum` their sum. */
const SCORES = `
    let row = i32(workgroupId.x) * ${LANES} + i32(localIndex);
    if (row >= uniforms.rows) { return; }
    let head = i32(workgroupId.y);
    let text = row / uniforms.queries;
    let count = uniforms.prefixRows + seen[row % uniforms.seenRows];
    let queryAt = (row % uniforms.qRows) * uniforms.width + head * uniforms.headWidth;
    for (var i = 0; i < uniforms.headWidth; i++) { held[i] = q[queryAt + i]; }
    var top = -3e38;
    for (var key = 0; key < count; key++) {
      let at = keyAt(key, text, head);
      let score = along(key, at);
      weights[key] = score;
      top = max(top, score);
    }
    var sum = 0.0;
    for (var key = 0; key < count; key++) {
      let weight = exp(weights[key] - top);
      weights[key] = weight;
      sum += weight;
    }`

function privateArrays({ capacity, headWidth }: Row): string {
  return `
  /** The query, or what arrives at its output. */
  var<private> held : array<vec4<f32>, ${headWidth}>;
  var<private> mixed : array<vec4<f32>, ${headWidth}>;
  var<private> weights : array<f32, ${capacity}>;
  ${KEYS}
  // Loops of a length that the compiler does not know: unrolled, they take a software GPU a minute to compile.
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
  }`
}

export function directForward(row: Row): WgslKernel {
  const { capacity, headWidth } = row
  return {
    key: `softpost-attention-direct-${capacity}-${headWidth}`,
    threads: LANES,
    inputs: ROW_INPUTS,
    uniforms: ROW_UNIFORMS,
    code: `
  ${privateArrays(row)}
  fn main(index : i32) {
    ${SCORES}
    for (var key = 0; key < count; key++) {
      mix(weights[key], key, keyAt(key, text, head) + uniforms.keyWidth);
    }
    let to = row * uniforms.width + head * uniforms.headWidth;
    for (var i = 0; i < uniforms.headWidth; i++) { result[to + i] = mixed[i] / sum; }
  }`,
  }
}

/** As the cooperative one: dQ, and behind it for each head (log of the sum of exp(score), Σ p dp). */
export function directQuery(row: Row): WgslKernel {
  const { capacity, headWidth } = row
  return {
    key: `softpost-attention-dq-direct-${capacity}-${headWidth}`,
    threads: LANES,
    inputs: { ...ROW_INPUTS, dOut: 4 },
    uniforms: ROW_UNIFORMS,
    code: `
  ${privateArrays(row)}
  var<private> slopes : array<f32, ${capacity}>;
  fn main(index : i32) {
    ${SCORES}
    let own = row * uniforms.width + head * uniforms.headWidth;
    for (var i = 0; i < uniforms.headWidth; i++) { held[i] = dOut[own + i]; }
    var centre = 0.0;
    for (var key = 0; key < count; key++) {
      let slope = along(key, keyAt(key, text, head) + uniforms.keyWidth);
      slopes[key] = slope;
      centre += weights[key] * slope;
    }
    centre = centre / sum;
    for (var key = 0; key < count; key++) {
      mix(weights[key] * (slopes[key] - centre) / sum, key, keyAt(key, text, head));
    }
    let to = row * (uniforms.width + uniforms.heads);
    for (var i = 0; i < uniforms.headWidth; i++) { result[to + head * uniforms.headWidth + i] = mixed[i]; }
    result[to + uniforms.width + head] = vec4<f32>(top + log(sum), centre, 0.0, 0.0);
  }`,
  }
}

/** dK and dV of each key. */
export function directKeys(headWidth: number, { own, plus }: KeyParts): WgslKernel {
  return {
    key: `softpost-attention-dkv-direct-${headWidth}${own ? '-own' : ''}${plus ? '-plus' : ''}`,
    threads: LANES,
    inputs: { q: 4, keys: 4, dOut: 4, dq: 4, ...(own ? { seen: 1 } : {}), ...(plus ? { plus: 4 } : {}) },
    uniforms: KEY_UNIFORMS,
    code: `
  var<private> key : array<vec4<f32>, ${headWidth}>;
  var<private> value : array<vec4<f32>, ${headWidth}>;
  var<private> dKey : array<vec4<f32>, ${headWidth}>;
  var<private> dValue : array<vec4<f32>, ${headWidth}>;
  fn main(index : i32) {
    let place = i32(workgroupId.x) * ${LANES} + i32(localIndex);
    if (place >= uniforms.count) { return; }
    let text = i32(workgroupId.y);
    let inHead = i32(workgroupId.z) * uniforms.headWidth;
    let begin = ((text % uniforms.texts) * uniforms.count + place) * 2 * uniforms.keyWidth + inHead;
    for (var i = 0; i < uniforms.headWidth; i++) {
      key[i] = keys[begin + i];
      value[i] = keys[begin + uniforms.keyWidth + i];
    }
    for (var member = 0; member < uniforms.group; member++) {
      let head = i32(workgroupId.z) * uniforms.group + member;
      let inQuery = head * uniforms.headWidth;
      for (var i = 0; i < uniforms.queries; i++) {
        let row = text * uniforms.queries + i;
        ${own ? 'if (seen[row % uniforms.seenRows] <= place) { continue; }' : ''}
        let queryAt = (row % uniforms.qRows) * uniforms.width + inQuery;
        let arrivingAt = row * uniforms.width + inQuery;
        var score = 0.0;
        var along = 0.0;
        for (var j = 0; j < uniforms.headWidth; j++) {
          score += dot(q[queryAt + j], key[j]);
          along += dot(dOut[arrivingAt + j], value[j]);
        }
        let known = dq[row * (uniforms.width + uniforms.heads) + uniforms.width + head];
        let probability = exp(min(score - known.x, 0.0));
        let slope = probability * (along - known.y);
        for (var j = 0; j < uniforms.headWidth; j++) {
          dKey[j] += slope * q[queryAt + j];
          dValue[j] += probability * dOut[arrivingAt + j];
        }
      }
    }
    let to = (text * uniforms.count + place) * 2 * uniforms.keyWidth + inHead;
    for (var i = 0; i < uniforms.headWidth; i++) {
      result[to + i] = dKey[i]${plus ? ' + plus[to + i]' : ''};
      result[to + uniforms.keyWidth + i] = dValue[i]${plus ? ' + plus[to + uniforms.keyWidth + i]' : ''};
    }
  }`,
  }
}
