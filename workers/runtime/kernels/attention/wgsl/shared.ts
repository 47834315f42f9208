/** What both ways of cutting the work take. */

export type Row = { readonly capacity: number; readonly headWidth: number }

/**
 * `joint`: queries lie in the rows of the keys, and what all texts share may have queries too. `plus`: an array is added
 * to the keys' gradients. `turned`: gradients of queries and keys are turned back by their places.
 */
export type GradientParts = { readonly joint: boolean; readonly plus: boolean; readonly turned: boolean }

export function gradientKey(name: string, { joint, plus, turned }: GradientParts): string {
  const with_ = Object.entries({ joint, plus, turned }).flatMap(([part, has]) => (has ? [part] : []))
  return [name, ...with_].join('-')
}

/** Invocations of a workgroup. */
export const LANES = 64

export const ROW_INPUTS = { q: 4, kv: 4, prefix: 4, seen: 1 } as const

/** Widths, strides and firsts (`…From`) count vec4s; `group` heads of queries share a head of keys. */
export const KEY_PLACES = [
  'width',
  'qStride',
  'qFrom',
  'keyWidth',
  'keyStride',
  'keyFrom',
  'prefixStride',
  'prefixFrom',
  'headWidth',
  'heads',
  'group',
  'queries',
  'length',
  'prefixRows',
  'seenRows',
] as const

export const ROW_UNIFORMS = ['rows', ...KEY_PLACES] as const

/**
 * `parts`: 0 queries and keys, 1 keys alone; `prefixQueries`: how many of the prefix's queries take part. Rows of the
 * result: `summedRows` of the prefix, summed over all `texts`, then `each` a text, from the place `firstPlace` of its
 * prefix and own rows on. Rows of dOut a text, those between copies of the prefix, and the first one of a text's own
 * queries. Where the keys' gradients begin in a row of the result.
 */
export const GRADIENT_UNIFORMS = [
  ...ROW_UNIFORMS,
  'parts',
  'prefixQueries',
  'prefixQFrom',
  'firstPlace',
  'texts',
  'summedRows',
  'each',
  'arrivingEach',
  'arrivingPrefix',
  'arrivingFirst',
  'resultStride',
  'resultKeys',
] as const

export function gradientInputs({ joint, plus, turned }: GradientParts): Readonly<Record<string, 1 | 4>> {
  const common = { kv: 4, prefix: 4, seen: 1, ownOut: 4, dOut: 4 } as const
  return {
    ...common,
    ...(joint ? { prefixOut: 4 } : { q: 4 }),
    ...(plus ? { plus: 4 } : {}),
    ...(turned ? { angles: 4 } : {}),
  }
}

/** The column of a head that one is turned with, and `own` turned back with its `other`; see kernels/rope/rope.ts. */
export const TURNED_BACK = `
  fn partner(column : i32) -> i32 {
    let pairs = uniforms.headWidth / 2;
    return select(column - pairs, column + pairs, column < pairs);
  }
  fn turnedBack(own : vec4<f32>, other : vec4<f32>, place : i32, column : i32) -> vec4<f32> {
    let pairs = uniforms.headWidth / 2;
    let at = place * uniforms.headWidth + column % pairs;
    return own * angles[at] + select(-1.0, 1.0, column < pairs) * other * angles[at + pairs];
  }`

/** Where the key of a text's head begins, in `prefix` or, from prefixRows on, in `kv`; and the vector at a place. */
export const KEYS = `
  fn keyAt(key : i32, text : i32, head : i32) -> i32 {
    let inRow = head / uniforms.group * uniforms.headWidth;
    if (key < uniforms.prefixRows) { return key * uniforms.prefixStride + uniforms.prefixFrom + inRow; }
    return (text * uniforms.length + key - uniforms.prefixRows) * uniforms.keyStride + uniforms.keyFrom + inRow;
  }
  fn keyOrValue(key : i32, at : i32) -> vec4<f32> {
    if (key < uniforms.prefixRows) { return prefix[at]; }
    return kv[at];
  }`

/**
 * A text's queries by number: those of the prefix that take part, then its own. Their vectors, what came out of them
 * (behind the d columns of that, for each head the log of the sum of exp(score)), what arrives at that, and how many of
 * the prefix's and the text's keys they see.
 */
export function queries({ joint }: GradientParts): string {
  return `
  ${KEYS}
  fn ownQuery(query : i32, text : i32) -> i32 {
    return text * uniforms.queries + query - uniforms.prefixQueries;
  }
  /** Where a query's row begins, and that of its output; in \`prefix\` and \`prefixOut\` for those of the prefix. */
  fn queryStart(query : i32, text : i32) -> i32 {
    if (query < uniforms.prefixQueries) { return query * uniforms.prefixStride + uniforms.prefixQFrom; }
    return ownQuery(query, text) * uniforms.qStride + uniforms.qFrom;
  }
  fn outStart(query : i32, text : i32) -> i32 {
    return select(ownQuery(query, text), query, query < uniforms.prefixQueries) * (uniforms.width + uniforms.heads);
  }
  fn queryVector(query : i32, text : i32, column : i32) -> vec4<f32> {
    let at = queryStart(query, text) + column;
    ${joint ? 'if (query < uniforms.prefixQueries) { return prefix[at]; } return kv[at];' : 'return q[at];'}
  }
  fn outVector(query : i32, text : i32, column : i32) -> vec4<f32> {
    let at = outStart(query, text) + column;
    ${joint ? 'if (query < uniforms.prefixQueries) { return prefixOut[at]; }' : ''}
    return ownOut[at];
  }
  fn arrivingAt(query : i32, text : i32) -> i32 {
    let own = text * uniforms.arrivingEach + uniforms.arrivingFirst + query - uniforms.prefixQueries;
    return select(own, text * uniforms.arrivingPrefix + query, query < uniforms.prefixQueries) * uniforms.width;
  }
  fn seenBy(query : i32, text : i32) -> i32 {
    if (query < uniforms.prefixQueries) { return query + 1; }
    return uniforms.prefixRows + seen[ownQuery(query, text) % uniforms.seenRows];
  }`
}

/**
 * Whose row of the result it is, and its place among a text's prefix and own rows; which query stands there. A key that
 * is summed over all texts counts their queries on from those of the first one.
 */
export const ROWS = `
  fn textOf(row : i32) -> i32 {
    return select((row - uniforms.summedRows) / uniforms.each, 0, row < uniforms.summedRows);
  }
  fn placeOf(row : i32) -> i32 {
    let own = uniforms.firstPlace + (row - uniforms.summedRows) % uniforms.each;
    return select(own, row, row < uniforms.summedRows);
  }
  fn queriesOfKey(row : i32) -> i32 {
    return uniforms.prefixQueries + uniforms.queries * select(1, uniforms.texts, row < uniforms.summedRows);
  }
  fn queryAt(place : i32) -> i32 {
    return select(place - uniforms.prefixRows + uniforms.prefixQueries, place, place < uniforms.prefixRows);
  }`
