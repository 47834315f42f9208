/** What both ways of cutting the work take. */

export type Row = { readonly capacity: number; readonly headWidth: number }

/** `own`: the keys are a text's own, which only later queries see. `plus`: an array is added to the result. */
export type KeyParts = { readonly own: boolean; readonly plus: boolean }

/** Invocations of a workgroup. */
export const LANES = 64

export const ROW_INPUTS = { q: 4, kv: 4, prefix: 4, seen: 1 } as const

/** Widths count vec4s; `group` heads of queries share a head of keys. */
export const ROW_UNIFORMS = [
  'rows',
  'width',
  'keyWidth',
  'headWidth',
  'heads',
  'group',
  'queries',
  'length',
  'prefixRows',
  'qRows',
  'texts',
  'seenRows',
] as const

export const KEY_UNIFORMS = [
  'width',
  'keyWidth',
  'headWidth',
  'heads',
  'group',
  'queries',
  'count',
  'qRows',
  'texts',
  'seenRows',
] as const

/** Where the key of a text's head begins, in `prefix` or, from prefixRows on, in `kv`; and the vector at a place. */
export const KEYS = `
  fn keyAt(key : i32, text : i32, head : i32) -> i32 {
    let own = (text % uniforms.texts) * uniforms.length + key - uniforms.prefixRows;
    let row = select(own, key, key < uniforms.prefixRows);
    return row * 2 * uniforms.keyWidth + head / uniforms.group * uniforms.headWidth;
  }
  fn keyOrValue(key : i32, at : i32) -> vec4<f32> {
    if (key < uniforms.prefixRows) { return prefix[at]; }
    return kv[at];
  }`
