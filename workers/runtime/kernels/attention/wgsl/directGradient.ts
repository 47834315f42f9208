/**
 * An invocation for each row and head, without barriers: what a GPU that is a program on the CPU is good at. Those of a
 * workgroup have rows of one text, so that they read the same keys or queries and may hand each other what they read;
 * four of these at a time for each of the own vectors that is fetched.
 */
import { hasSubgroups, type WgslKernel } from '../../../wgsl/program.ts'
import { ENABLE_SUBGROUPS } from '../../../wgsl/directives.ts'
import { HANDING_ON, readAlike } from '../../../wgsl/quads.ts'
import {
  GRADIENT_UNIFORMS,
  gradientInputs,
  gradientKey,
  queries,
  ROWS,
  TURNED_BACK,
  type GradientParts,
} from './shared.ts'

/** Rows of a workgroup. */
const ROWS_EACH = 8

/** Workgroups along x: for the rows that are summed over all texts, and then for those of each text. */
export function directGroups(rows: { readonly summed: number; readonly each: number; readonly texts: number }): number {
  return Math.ceil(rows.summed / ROWS_EACH) + rows.texts * Math.ceil(rows.each / ROWS_EACH)
}

/**
 * The way to it depends on the workgroup's place alone, which the language takes for each invocation's own once tfjs has
 * put it into a variable.
 */
const UNCHECKED_HANDING_ON = `@diagnostic(off, subgroup_uniformity) ${HANDING_ON}`

const FOUR = [0, 1, 2, 3] as const
const each = (make: (j: number) => string): string => FOUR.map(make).join(' ')
const four = (make: (j: number) => string): string => `vec4<f32>(${FOUR.map(make).join(', ')})`

/** Four keys at a time, from `from` to `end`, by the function that reads the array in which they stand. */
const overKeys = (read: string, from: string, end: string): string => `
    for (var key = ${from}; key < ${end}; key += 4) {
      ${each((j) => `let at${j} = keyAt(min(key + ${j}, ${end} - 1), text, head);`)}
      var score = vec4<f32>(0.0);
      var along = vec4<f32>(0.0);
      for (var i = 0; i < uniforms.headWidth; i++) {
        let query = first[i];
        let arrives = second[i];
        let out = fourth[i];
        score += ${four((j) => `dot(query, ${read}(at${j} + i))`)};
        along += ${four((j) => `dot(arrives, ${read}(at${j} + uniforms.keyWidth + i) - out)`)};
      }
      let within = vec4<i32>(key) + vec4<i32>(0, 1, 2, 3) < vec4<i32>(min(count, ${end}));
      let slope = select(vec4<f32>(0.0), exp(min(score - logSum, vec4<f32>(0.0))) * along, within);
      for (var i = 0; i < uniforms.headWidth; i++) {
        third[i] += ${FOUR.map((j) => `slope[${j}] * ${read}(at${j} + i)`).join(' + ')};
      }
    }`

/** Four queries at a time, from `from` to `end`, by the functions that read what they and their outputs stand in. */
const overQueries = (of: { readonly query: string; readonly out: string }, from: string, end: string): string => `
      for (var query = ${from}; query < ${end}; query += 4) {
        ${each((j) => `let query${j} = min(query + ${j}, ${end} - 1);`)}
        let seen = vec4<i32>(${FOUR.map((j) => `seenBy(query${j}, text)`).join(', ')});
        if (all(seen <= vec4<i32>(firstPlace))) { continue; }
        ${each(
          (j) => `
        let begins${j} = queryStart(query${j}, text) + inHead;
        let outAt${j} = outStart(query${j}, text);
        let arrives${j} = arrivingAt(query${j}, text) + inHead;`,
        )}
        var score = vec4<f32>(0.0);
        var along = vec4<f32>(0.0);
        for (var i = 0; i < uniforms.headWidth; i++) {
          let key = first[i];
          let value = second[i];
          score += ${four((j) => `dot(${of.query}(begins${j} + i), key)`)};
          along += ${four((j) => `dot(arriving(arrives${j} + i), value - ${of.out}(outAt${j} + inHead + i))`)};
        }
        let logSum = ${four((j) => `${of.out}(outAt${j} + uniforms.width + head).x`)};
        let within = (vec4<i32>(query) + vec4<i32>(0, 1, 2, 3) < vec4<i32>(${end})) & (seen > vec4<i32>(place));
        let probability = select(vec4<f32>(0.0), exp(min(score - logSum, vec4<f32>(0.0))), within);
        let slope = probability * along;
        for (var i = 0; i < uniforms.headWidth; i++) {
          third[i] += ${FOUR.map((j) => `slope[${j}] * ${of.query}(begins${j} + i)`).join(' + ')};
          fourth[i] += ${FOUR.map((j) => `probability[${j}] * arriving(arrives${j} + i)`).join(' + ')};
        }
      }`

/** dQ, and dK beside dV, each of its own rows. */
export function directGradient(headWidth: number, parts: GradientParts): WgslKernel {
  const { joint, plus, turned } = parts
  const quads = hasSubgroups()
  const back = (from: string): string =>
    turned ? `turnedBack(${from}[i], ${from}[partner(i)], place, i)` : `${from}[i]`
  return {
    key: gradientKey(`softpost-attention-gradient-direct-${headWidth}${quads ? '-quads' : ''}`, parts),
    threads: ROWS_EACH,
    inputs: gradientInputs(parts),
    uniforms: GRADIENT_UNIFORMS,
    // Loops of a length that the compiler does not know: unrolled, they take a software GPU a minute to compile.
    code: `
  ${quads ? ENABLE_SUBGROUPS : ''}
  /** A query, what arrives at its output, its gradient, and that output; or a key, its value, and their gradients. */
  var<private> first : array<vec4<f32>, ${headWidth}>;
  var<private> second : array<vec4<f32>, ${headWidth}>;
  var<private> third : array<vec4<f32>, ${headWidth}>;
  var<private> fourth : array<vec4<f32>, ${headWidth}>;
  ${queries(parts)}
  ${ROWS}
  ${turned ? TURNED_BACK : ''}
  ${quads ? UNCHECKED_HANDING_ON : ''}
  ${readAlike('ofPrefix', 'prefix', quads)}
  ${readAlike('ofText', 'kv', quads)}
  ${readAlike('arriving', 'dOut', quads)}
  ${readAlike('ofOut', 'ownOut', quads)}
  ${joint ? readAlike('ofPrefixOut', 'prefixOut', quads) : readAlike('ofQueries', 'q', quads)}
  fn main(index : i32) {
    let group = i32(workgroupId.x);
    let summedGroups = (uniforms.summedRows + ${ROWS_EACH - 1}) / ${ROWS_EACH};
    let eachGroups = (uniforms.each + ${ROWS_EACH - 1}) / ${ROWS_EACH};
    var begin = group * ${ROWS_EACH};
    var end = uniforms.summedRows;
    if (group >= summedGroups) {
      let own = group - summedGroups;
      let beginOfText = uniforms.summedRows + own / eachGroups * uniforms.each;
      begin = beginOfText + own % eachGroups * ${ROWS_EACH};
      end = beginOfText + uniforms.each;
    }
    // Where rows are fewer than invocations all of them come along all the same: they read for each other.
    let last = min(begin + ${ROWS_EACH}, end) - 1;
    let row = min(begin + i32(localIndex), last);
    let stored = begin + i32(localIndex) <= last;
    let head = i32(workgroupId.y);
    if (i32(workgroupId.z) + uniforms.parts == 0) { queryGradient(row, placeOf(begin), placeOf(last), head, stored); }
    else if (head < uniforms.heads / uniforms.group) { keyGradient(row, placeOf(begin), head, stored); }
  }
  fn queryGradient(row : i32, firstPlace : i32, lastPlace : i32, head : i32, stored : bool) {
    let text = textOf(row);
    let place = placeOf(row);
    let own = queryAt(place);
    let inHead = head * uniforms.headWidth;
    let arrivesAt = arrivingAt(own, text) + inHead;
    for (var i = 0; i < uniforms.headWidth; i++) {
      first[i] = queryVector(own, text, inHead + i);
      second[i] = dOut[arrivesAt + i];
      fourth[i] = outVector(own, text, inHead + i);
    }
    let logSum = outVector(own, text, uniforms.width + head).x;
    let count = seenBy(own, text);
    var most = 0;
    for (var other = firstPlace; other <= lastPlace; other++) { most = max(most, seenBy(queryAt(other), text)); }
    let inPrefix = min(most, uniforms.prefixRows);
    ${overKeys('ofPrefix', '0', 'inPrefix')}
    ${overKeys('ofText', 'uniforms.prefixRows', 'most')}
    if (!stored) { return; }
    let to = row * uniforms.resultStride + inHead;
    for (var i = 0; i < uniforms.headWidth; i++) { result[to + i] = ${back('third')}; }
  }
  fn keyGradient(row : i32, firstPlace : i32, keyHead : i32, stored : bool) {
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
      ${joint ? overQueries({ query: 'ofPrefix', out: 'ofPrefixOut' }, '0', 'uniforms.prefixQueries') : ''}
      ${overQueries({ query: joint ? 'ofText' : 'ofQueries', out: 'ofOut' }, 'uniforms.prefixQueries', 'count')}
    }
    if (!stored) { return; }
    let inKey = keyHead * uniforms.headWidth;
    let to = row * uniforms.resultStride + uniforms.resultKeys + inKey;
    for (var i = 0; i < uniforms.headWidth; i++) {
      result[to + i] = ${back('third')}${plus ? ' + plus[row * 2 * uniforms.keyWidth + inKey + i]' : ''};
      result[to + uniforms.keyWidth + i] = fourth[i]${plus ? ' + plus[(row * 2 + 1) * uniforms.keyWidth + inKey + i]' : ''};
    }
  }`,
  }
}
