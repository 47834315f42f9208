/** A workgroup for each row (or key) and head: its invocations share the work and a row of scores. */
import type { WgslKernel } from '../../../wgsl/program.ts'
import { reductions } from '../../../wgsl/snippets.ts'
import { KEY_UNIFORMS, KEYS, LANES, ROW_INPUTS, ROW_UNIFORMS, type KeyParts, type Row } from './shared.ts'

/** Scores of one query against all keys that it sees, as exp(score - top) in `weights`. */
function scores(capacity: number): string {
  return `
  ${reductions(LANES)}
  var<workgroup> weights : array<f32, ${capacity}>;
  var<workgroup> query : array<vec4<f32>, ${LANES}>;
  var<workgroup> parts : array<vec4<f32>, ${LANES}>;

  ${KEYS}
  fn score(key : i32, at : i32) -> f32 {
    var sum = 0.0;
    if (key < uniforms.prefixRows) {
      for (var i = 0; i < uniforms.headWidth; i++) { sum += dot(query[i], prefix[at + i]); }
    } else {
      for (var i = 0; i < uniforms.headWidth; i++) { sum += dot(query[i], kv[at + i]); }
    }
    return sum;
  }
  /** Of the keys up to \`count\`: the largest score, and the sum of the weights. */
  fn weigh(count : i32, text : i32, head : i32, lane : i32) -> vec2<f32> {
    var most = -3e38;
    for (var key = lane; key < count; key += ${LANES}) {
      let value = score(key, keyAt(key, text, head));
      weights[key] = value;
      most = max(most, value);
    }
    let top = maxOfAll(most, lane);
    var sum = 0.0;
    for (var key = lane; key < count; key += ${LANES}) {
      let weight = exp(weights[key] - top);
      weights[key] = weight;
      sum += weight;
    }
    return vec2<f32>(top, sumOfAll(sum, lane));
  }
  /** The sum over keys of weights[key] times their vectors that begin \`beside\` their keys, in \`parts\` of each lane. */
  fn mix(count : i32, text : i32, head : i32, beside : i32, lane : i32) -> vec4<f32> {
    let groups = ${LANES} / uniforms.headWidth;
    let group = lane / uniforms.headWidth;
    let column = lane % uniforms.headWidth;
    var sum = vec4<f32>(0.0);
    if (group < groups) {
      for (var key = group; key < count; key += groups) {
        sum += weights[key] * keyOrValue(key, keyAt(key, text, head) + beside + column);
      }
    }
    return gather(sum, lane);
  }
  ${GATHER}`
}

/** Lanes of one column added up, group after group; the result is that of the first group's lanes. */
const GATHER = `
  fn gather(part : vec4<f32>, lane : i32) -> vec4<f32> {
    parts[lane] = part;
    workgroupBarrier();
    var sum = vec4<f32>(0.0);
    if (lane < uniforms.headWidth) {
      let groups = ${LANES} / uniforms.headWidth;
      for (var group = 0; group < groups; group++) { sum += parts[group * uniforms.headWidth + lane]; }
    }
    workgroupBarrier();
    return sum;
  }`

const LOAD_QUERY = `
    let lane = i32(localIndex);
    let row = i32(workgroupId.x);
    let head = i32(workgroupId.y);
    let text = row / uniforms.queries;
    if (lane < uniforms.headWidth) {
      query[lane] = q[(row % uniforms.qRows) * uniforms.width + head * uniforms.headWidth + lane];
    }
    workgroupBarrier();
    let count = uniforms.prefixRows + seen[row % uniforms.seenRows];
    let found = weigh(count, text, head, lane);`

export function cooperativeForward({ capacity }: Row): WgslKernel {
  return {
    key: `softpost-attention-${capacity}`,
    threads: LANES,
    inputs: ROW_INPUTS,
    uniforms: ROW_UNIFORMS,
    code: `
  ${scores(capacity)}
  fn main(index : i32) {
    ${LOAD_QUERY}
    let mixed = mix(count, text, head, uniforms.keyWidth, lane);
    if (lane < uniforms.headWidth) {
      result[row * uniforms.width + head * uniforms.headWidth + lane] = mixed / found.y;
    }
  }`,
  }
}

/**
 * dQ, and behind it for each head (log of the sum of exp(score), Σ p dp): what the keys' gradients need of a row.
 */
export function cooperativeQuery({ capacity }: Row): WgslKernel {
  return {
    key: `softpost-attention-dq-${capacity}`,
    threads: LANES,
    inputs: { ...ROW_INPUTS, dOut: 4 },
    uniforms: ROW_UNIFORMS,
    code: `
  ${scores(capacity)}
  var<workgroup> arriving : array<vec4<f32>, ${LANES}>;

  fn main(index : i32) {
    ${LOAD_QUERY}
    if (lane < uniforms.headWidth) {
      arriving[lane] = dOut[row * uniforms.width + head * uniforms.headWidth + lane];
    }
    workgroupBarrier();
    var sum = 0.0;
    for (var key = lane; key < count; key += ${LANES}) { sum += weights[key] * along(key, text, head); }
    let centre = sumOfAll(sum, lane) / found.y;
    for (var key = lane; key < count; key += ${LANES}) {
      weights[key] *= (along(key, text, head) - centre) / found.y;
    }
    workgroupBarrier();
    let dq = mix(count, text, head, 0, lane);
    let to = row * (uniforms.width + uniforms.heads);
    if (lane < uniforms.headWidth) { result[to + head * uniforms.headWidth + lane] = dq; }
    if (lane == 0) { result[to + uniforms.width + head] = vec4<f32>(found.x + log(found.y), centre, 0.0, 0.0); }
  }
  /** dO · v. */
  fn along(key : i32, text : i32, head : i32) -> f32 {
    let at = keyAt(key, text, head) + uniforms.keyWidth;
    var sum = 0.0;
    for (var i = 0; i < uniforms.headWidth; i++) { sum += dot(arriving[i], keyOrValue(key, at + i)); }
    return sum;
  }`,
  }
}

/** dK and dV of each key. */
export function cooperativeKeys(capacity: number, { own, plus }: KeyParts): WgslKernel {
  return {
    key: `softpost-attention-dkv-${capacity}${own ? '-own' : ''}${plus ? '-plus' : ''}`,
    threads: LANES,
    // An array that the code does not name has no binding.
    inputs: { q: 4, keys: 4, dOut: 4, dq: 4, ...(own ? { seen: 1 } : {}), ...(plus ? { plus: 4 } : {}) },
    uniforms: KEY_UNIFORMS,
    code: `
  var<workgroup> probabilities : array<f32, ${capacity}>;
  var<workgroup> slopes : array<f32, ${capacity}>;
  var<workgroup> key : array<vec4<f32>, ${LANES}>;
  var<workgroup> value : array<vec4<f32>, ${LANES}>;
  var<workgroup> parts : array<vec4<f32>, ${LANES}>;
  ${GATHER}
  fn main(index : i32) {
    let lane = i32(localIndex);
    let place = i32(workgroupId.x);
    let text = i32(workgroupId.y);
    let inHead = i32(workgroupId.z) * uniforms.headWidth;
    let begin = ((text % uniforms.texts) * uniforms.count + place) * 2 * uniforms.keyWidth + inHead;
    if (lane < uniforms.headWidth) {
      key[lane] = keys[begin + lane];
      value[lane] = keys[begin + uniforms.keyWidth + lane];
    }
    let groups = ${LANES} / uniforms.headWidth;
    let group = lane / uniforms.headWidth;
    let column = lane % uniforms.headWidth;
    var dKey = vec4<f32>(0.0);
    var dValue = vec4<f32>(0.0);
    for (var member = 0; member < uniforms.group; member++) {
      let head = i32(workgroupId.z) * uniforms.group + member;
      let inQuery = head * uniforms.headWidth;
      workgroupBarrier();
      for (var i = lane; i < uniforms.queries; i += ${LANES}) {
        let row = text * uniforms.queries + i;
        let at = (row % uniforms.qRows) * uniforms.width + inQuery;
        var score = 0.0;
        var along = 0.0;
        for (var j = 0; j < uniforms.headWidth; j++) {
          score += dot(q[at + j], key[j]);
          along += dot(dOut[row * uniforms.width + inQuery + j], value[j]);
        }
        let known = dq[row * (uniforms.width + uniforms.heads) + uniforms.width + head];
        var probability = exp(min(score - known.x, 0.0));
        ${own ? 'if (seen[row % uniforms.seenRows] <= place) { probability = 0.0; }' : ''}
        probabilities[i] = probability;
        slopes[i] = probability * (along - known.y);
      }
      workgroupBarrier();
      if (group < groups) {
        for (var i = group; i < uniforms.queries; i += groups) {
          let row = text * uniforms.queries + i;
          dKey += slopes[i] * q[(row % uniforms.qRows) * uniforms.width + inQuery + column];
          dValue += probabilities[i] * dOut[row * uniforms.width + inQuery + column];
        }
      }
    }
    dKey = gather(dKey, lane);
    dValue = gather(dValue, lane);
    let to = (text * uniforms.count + place) * 2 * uniforms.keyWidth + inHead + lane;
    if (lane < uniforms.headWidth) {
      result[to] = dKey${plus ? ' + plus[to]' : ''};
      result[to + uniforms.keyWidth] = dValue${plus ? ' + plus[to + uniforms.keyWidth]' : ''};
    }
  }`,
  }
}
