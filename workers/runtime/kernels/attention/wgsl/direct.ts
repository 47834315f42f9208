/** An invocation for each row and head, without barriers: what a GPU that is a program on the CPU is good at. */
import type { WgslKernel } from '../../../wgsl/program.ts'
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

/** A loop over a key's vec4s, or one over a query's: which array they stand in is settled before it. */
const ofKey = (loop: (keys: string) => string): string =>
  `if (key < uniforms.prefixRows) { ${loop('prefix')} } else { ${loop('kv')} }`

function ofQuery({ joint }: GradientParts, loop: (queries: string, outs: string) => string): string {
  if (!joint) return loop('q', 'ownOut')
  return `if (query < uniforms.prefixQueries) { ${loop('prefix', 'prefixOut')} } else { ${loop('kv', 'ownOut')} }`
}

/** dQ, and dK beside dV, each of its own rows. */
export function directGradient(headWidth: number, parts: GradientParts): WgslKernel {
  const { plus, turned } = parts
  const back = (from: string): string =>
    turned ? `turnedBack(${from}[i], ${from}[partner(i)], place, i)` : `${from}[i]`
  return {
    key: gradientKey(`softpost-attention-gradient-direct-${headWidth}`, parts),
    threads: LANES,
    inputs: gradientInputs(parts),
    uniforms: GRADIENT_UNIFORMS,
    code: `
  /** A query, what arrives at its output, and that output; or a key, its value, and their gradients. */
  var<private> first : array<vec4<f32>, ${headWidth}>;
  var<private> second : array<vec4<f32>, ${headWidth}>;
  var<private> third : array<vec4<f32>, ${headWidth}>;
  var<private> fourth : array<vec4<f32>, ${headWidth}>;
  ${queries(parts)}
  ${ROWS}
  ${turned ? TURNED_BACK : ''}
  fn main(index : i32) {
    let row = i32(workgroupId.x) * ${LANES} + i32(localIndex);
    if (row >= uniforms.rows) { return; }
    let head = i32(workgroupId.y);
    if (i32(workgroupId.z) + uniforms.parts == 0) { queryGradient(row, head); }
    else if (head < uniforms.heads / uniforms.group) { keyGradient(row, head); }
  }
  fn queryGradient(row : i32, head : i32) {
    let text = textOf(row);
    let place = placeOf(row);
    let query = queryAt(place);
    let inHead = head * uniforms.headWidth;
    let arrives = arrivingAt(query, text) + inHead;
    for (var i = 0; i < uniforms.headWidth; i++) {
      first[i] = queryVector(query, text, inHead + i);
      second[i] = dOut[arrives + i];
      third[i] = outVector(query, text, inHead + i);
    }
    let logSum = outVector(query, text, uniforms.width + head).x;
    let count = seenBy(query, text);
    for (var key = 0; key < count; key++) {
      let at = keyAt(key, text, head);
      var score = 0.0;
      var along = 0.0;
      ${ofKey(
        (keys) => `
      for (var i = 0; i < uniforms.headWidth; i++) {
        score += dot(first[i], ${keys}[at + i]);
        along += dot(second[i], ${keys}[at + uniforms.keyWidth + i] - third[i]);
      }`,
      )}
      let slope = exp(min(score - logSum, 0.0)) * along;
      ${ofKey((keys) => `for (var i = 0; i < uniforms.headWidth; i++) { fourth[i] += slope * ${keys}[at + i]; }`)}
    }
    let to = row * uniforms.resultStride + inHead;
    for (var i = 0; i < uniforms.headWidth; i++) { result[to + i] = ${back('fourth')}; }
  }
  fn keyGradient(row : i32, keyHead : i32) {
    let text = textOf(row);
    let place = placeOf(row);
    let count = queriesOfKey(row);
    let begin = keyAt(place, text, keyHead * uniforms.group);
    for (var i = 0; i < uniforms.headWidth; i++) {
      first[i] = keyOrValue(place, begin + i);
      second[i] = keyOrValue(place, begin + uniforms.keyWidth + i);
    }
    for (var member = 0; member < uniforms.group; member++) {
      let head = keyHead * uniforms.group + member;
      let inHead = head * uniforms.headWidth;
      for (var query = 0; query < count; query++) {
        if (seenBy(query, text) <= place) { continue; }
        let arrives = arrivingAt(query, text) + inHead;
        let begins = queryStart(query, text) + inHead;
        let outAt = outStart(query, text);
        var score = 0.0;
        var along = 0.0;
        var logSum = 0.0;
        ${ofQuery(
          parts,
          (queries, outs) => `
        logSum = ${outs}[outAt + uniforms.width + head].x;
        for (var j = 0; j < uniforms.headWidth; j++) {
          score += dot(${queries}[begins + j], first[j]);
          along += dot(dOut[arrives + j], second[j] - ${outs}[outAt + inHead + j]);
        }`,
        )}
        let probability = exp(min(score - logSum, 0.0));
        let slope = probability * along;
        for (var j = 0; j < uniforms.headWidth; j++) { fourth[j] += probability * dOut[arrives + j]; }
        ${ofQuery(
          parts,
          (queries) => `for (var j = 0; j < uniforms.headWidth; j++) { third[j] += slope * ${queries}[begins + j]; }`,
        )}
      }
    }
    let inKey = keyHead * uniforms.headWidth;
    let to = row * uniforms.resultStride + uniforms.resultKeys + inKey;
    for (var i = 0; i < uniforms.headWidth; i++) {
      result[to + i] = ${back('third')}${plus ? ' + plus[row * 2 * uniforms.keyWidth + inKey + i]' : ''};
      result[to + uniforms.keyWidth + i] = fourth[i]${plus ? ' + plus[(row * 2 + 1) * uniforms.keyWidth + inKey + i]' : ''};
    }
  }`,
  }
}
