/** A workgroup for each row and head: its invocations share the work and a row of scores. */
import type { WgslKernel } from '../../../wgsl/program.ts'
import { reductions } from '../../../wgsl/snippets.ts'
import {
  GRADIENT_UNIFORMS,
  gradientInputs,
  gradientKey,
  KEYS,
  LANES,
  queries,
  ROWS,
  ROW_INPUTS,
  ROW_UNIFORMS,
  TURNED_BACK,
  type GradientParts,
  type Row,
} from './shared.ts'

/** Lanes of one column added up, group after group; the result is that of the first group's lanes. */
const GATHER = `
  var<workgroup> parts : array<vec4<f32>, ${LANES}>;
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

/** The sum over keys of weights[key] times their vectors that begin `beside` their keys. */
const MIX = `
  ${GATHER}
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
  }`

/** Each lane's column of a head turned back with that of another lane. */
const BACK_TURNED = `
  ${TURNED_BACK}
  fn backTurned(own : vec4<f32>, place : i32, lane : i32) -> vec4<f32> {
    parts[lane] = own;
    workgroupBarrier();
    if (lane >= uniforms.headWidth) { return own; }
    return turnedBack(own, parts[partner(lane)], place, lane);
  }`

/** The output `[d]`, and behind it for each head the log of the sum of exp(score). */
export function cooperativeForward({ capacity }: Row): WgslKernel {
  return {
    key: `softpost-attention-${capacity}`,
    threads: LANES,
    inputs: ROW_INPUTS,
    uniforms: ROW_UNIFORMS,
    code: `
  ${reductions(LANES)}
  var<workgroup> weights : array<f32, ${capacity}>;
  var<workgroup> query : array<vec4<f32>, ${LANES}>;
  ${KEYS}
  ${MIX}
  fn score(key : i32, at : i32) -> f32 {
    var sum = 0.0;
    if (key < uniforms.prefixRows) {
      for (var i = 0; i < uniforms.headWidth; i++) { sum += dot(query[i], prefix[at + i]); }
    } else {
      for (var i = 0; i < uniforms.headWidth; i++) { sum += dot(query[i], kv[at + i]); }
    }
    return sum;
  }
  fn main(index : i32) {
    let lane = i32(localIndex);
    let row = i32(workgroupId.x);
    let head = i32(workgroupId.y);
    let text = row / uniforms.queries;
    if (lane < uniforms.headWidth) {
      query[lane] = q[row * uniforms.qStride + uniforms.qFrom + head * uniforms.headWidth + lane];
    }
    workgroupBarrier();
    let count = uniforms.prefixRows + seen[row % uniforms.seenRows];
    var most = -3e38;
    for (var key = lane; key < count; key += ${LANES}) {
      let value = score(key, keyAt(key, text, head));
      weights[key] = value;
      most = max(most, value);
    }
    let top = maxOfAll(most, lane);
    var part = 0.0;
    for (var key = lane; key < count; key += ${LANES}) {
      let weight = exp(weights[key] - top);
      weights[key] = weight;
      part += weight;
    }
    let sum = sumOfAll(part, lane);
    let mixed = mix(count, text, head, uniforms.keyWidth, lane);
    let to = row * (uniforms.width + uniforms.heads);
    if (lane < uniforms.headWidth) { result[to + head * uniforms.headWidth + lane] = mixed / sum; }
    if (lane == 0) { result[to + uniforms.width + head] = vec4<f32>(top + log(sum), 0.0, 0.0, 0.0); }
  }`,
  }
}

/** dQ, and dK beside dV, each of its own rows. */
export function cooperativeGradient({ capacity }: Row, parts: GradientParts): WgslKernel {
  const { plus, turned } = parts
  const back = (own: string): string => (turned ? `${own} = backTurned(${own}, place, lane);` : '')
  return {
    key: gradientKey(`softpost-attention-gradient-${capacity}`, parts),
    threads: LANES,
    inputs: gradientInputs(parts),
    uniforms: GRADIENT_UNIFORMS,
    code: `
  /** Of a query, by keys: p (dp - Σ p dp). Of a key, by queries: the same, and p. */
  var<workgroup> weights : array<f32, ${capacity}>;
  var<workgroup> probabilities : array<f32, ${capacity}>;
  /** A query, what arrives at its output, and that output; or a key and its value. */
  var<workgroup> first : array<vec4<f32>, ${LANES}>;
  var<workgroup> second : array<vec4<f32>, ${LANES}>;
  var<workgroup> third : array<vec4<f32>, ${LANES}>;
  var<workgroup> part : i32;
  var<workgroup> queryCount : i32;
  ${queries(parts)}
  ${ROWS}
  ${MIX}
  ${turned ? BACK_TURNED : ''}
  fn main(index : i32) {
    let lane = i32(localIndex);
    if (lane == 0) {
      let keyHeads = uniforms.heads / uniforms.group;
      let wanted = i32(workgroupId.z) + uniforms.parts;
      part = select(wanted, 2, wanted == 1 && i32(workgroupId.y) >= keyHeads);
      queryCount = queriesOfKey(i32(workgroupId.x));
    }
    // All invocations take the same way, which the language wants to see.
    let own = workgroupUniformLoad(&part);
    let count = workgroupUniformLoad(&queryCount);
    if (own == 0) { queryGradient(i32(workgroupId.x), i32(workgroupId.y), lane); }
    if (own == 1) { keyGradient(i32(workgroupId.x), i32(workgroupId.y), count, lane); }
  }
  fn queryGradient(row : i32, head : i32, lane : i32) {
    let text = textOf(row);
    let place = placeOf(row);
    let query = queryAt(place);
    let inHead = head * uniforms.headWidth;
    if (lane < uniforms.headWidth) {
      first[lane] = queryVector(query, text, inHead + lane);
      second[lane] = dOut[arrivingAt(query, text) + inHead + lane];
      third[lane] = outVector(query, text, inHead + lane);
    }
    workgroupBarrier();
    let logSum = outVector(query, text, uniforms.width + head).x;
    let count = seenBy(query, text);
    for (var key = lane; key < count; key += ${LANES}) {
      let at = keyAt(key, text, head);
      var score = 0.0;
      var along = 0.0;
      for (var i = 0; i < uniforms.headWidth; i++) {
        score += dot(first[i], keyOrValue(key, at + i));
        along += dot(second[i], keyOrValue(key, at + uniforms.keyWidth + i) - third[i]);
      }
      weights[key] = exp(min(score - logSum, 0.0)) * along;
    }
    workgroupBarrier();
    var dq = mix(count, text, head, 0, lane);
    ${back('dq')}
    if (lane < uniforms.headWidth) { result[row * uniforms.resultStride + inHead + lane] = dq; }
  }
  fn keyGradient(row : i32, keyHead : i32, count : i32, lane : i32) {
    let text = textOf(row);
    let place = placeOf(row);
    let begin = keyAt(place, text, keyHead * uniforms.group);
    if (lane < uniforms.headWidth) {
      first[lane] = keyOrValue(place, begin + lane);
      second[lane] = keyOrValue(place, begin + uniforms.keyWidth + lane);
    }
    let groups = ${LANES} / uniforms.headWidth;
    let group = lane / uniforms.headWidth;
    let column = lane % uniforms.headWidth;
    var dKey = vec4<f32>(0.0);
    var dValue = vec4<f32>(0.0);
    for (var member = 0; member < uniforms.group; member++) {
      let head = keyHead * uniforms.group + member;
      let inHead = head * uniforms.headWidth;
      for (var start = 0; start < count; start += ${capacity}) {
        let here = min(count - start, ${capacity});
        workgroupBarrier();
        for (var at = lane; at < here; at += ${LANES}) {
          let query = start + at;
          let arrives = arrivingAt(query, text) + inHead;
          var score = 0.0;
          var along = 0.0;
          for (var j = 0; j < uniforms.headWidth; j++) {
            score += dot(queryVector(query, text, inHead + j), first[j]);
            along += dot(dOut[arrives + j], second[j] - outVector(query, text, inHead + j));
          }
          var probability = exp(min(score - outVector(query, text, uniforms.width + head).x, 0.0));
          if (seenBy(query, text) <= place) { probability = 0.0; }
          probabilities[at] = probability;
          weights[at] = probability * along;
        }
        workgroupBarrier();
        if (group < groups) {
          for (var at = group; at < here; at += groups) {
            let query = start + at;
            dKey += weights[at] * queryVector(query, text, inHead + column);
            dValue += probabilities[at] * dOut[arrivingAt(query, text) + inHead + column];
          }
        }
      }
    }
    dKey = gather(dKey, lane);
    dValue = gather(dValue, lane);
    ${back('dKey')}
    let inKey = keyHead * uniforms.headWidth + lane;
    let to = row * uniforms.resultStride + uniforms.resultKeys + inKey;
    if (lane < uniforms.headWidth) {
      result[to] = dKey${plus ? ' + plus[row * 2 * uniforms.keyWidth + inKey]' : ''};
      result[to + uniforms.keyWidth] = dValue${plus ? ' + plus[(row * 2 + 1) * uniforms.keyWidth + inKey]' : ''};
    }
  }`,
  }
}
