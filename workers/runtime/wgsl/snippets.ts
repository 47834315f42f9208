/** Pieces of WGSL that several kernels use. */

/**
 * `name(value, lane)`: `combine` of `a` and `b` over the workgroup's invocations, the same to each of them, in an order
 * that is always the same. To be called by all of them.
 */
export function reduction(of: {
  readonly name: string
  readonly type: 'f32' | 'u32'
  readonly threads: number
  readonly combine: string
}): string {
  // Each invocation adds up all parts by itself: a tree would take a barrier at every level.
  return `
    var<workgroup> ${of.name}Parts : array<${of.type}, ${of.threads}>;
    fn ${of.name}(value : ${of.type}, lane : i32) -> ${of.type} {
      ${of.name}Parts[lane] = value;
      workgroupBarrier();
      var a = ${of.name}Parts[0];
      for (var other = 1; other < ${of.threads}; other++) {
        let b = ${of.name}Parts[other];
        a = ${of.combine};
      }
      workgroupBarrier();
      return a;
    }`
}

/** `sumOfAll(value, lane)` and `maxOfAll(value, lane)`; see {@link reduction}. */
export function reductions(threads: number): string {
  return `
    ${reduction({ name: 'sumOfAll', type: 'f32', threads, combine: 'a + b' })}
    ${reduction({ name: 'maxOfAll', type: 'f32', threads, combine: 'max(a, b)' })}`
}

/** exp stays finite. */
export const SIGMOID = `
  fn sigmoid(x : vec4<f32>) -> vec4<f32> {
    return 1.0 / (1.0 + exp(min(-x, vec4<f32>(80.0))));
  }`

/** Φ by Abramowitz and Stegun 7.1.26 (error of erf at most 1.5e-7), and the density φ. */
export const NORMAL = `
  fn density(x : vec4<f32>) -> vec4<f32> {
    return 0.3989422804014327 * exp(-0.5 * x * x);
  }
  fn cumulative(x : vec4<f32>) -> vec4<f32> {
    let z = abs(x) * 0.7071067811865476;
    let t = 1.0 / (1.0 + 0.3275911 * z);
    let tail = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) * exp(-z * z);
    return 0.5 + 0.5 * sign(x) * (1.0 - tail);
  }`

/** `gate(x)` = σ(2u), `gelu(x)` = x σ(2u) and its slope; see kernels/gelu/gelu.ts. exp stays finite. */
export const GELU = `
  const TWO_SQRT_2_OVER_PI = 1.5957691216057308;
  const CUBIC = 0.044715;

  fn gate(x : vec4<f32>) -> vec4<f32> {
    let twoU = x * (TWO_SQRT_2_OVER_PI + CUBIC * TWO_SQRT_2_OVER_PI * x * x);
    return 1.0 / (1.0 + exp(min(-twoU, vec4<f32>(80.0))));
  }
  fn gelu(x : vec4<f32>) -> vec4<f32> {
    return x * gate(x);
  }
  fn geluSlope(x : vec4<f32>) -> vec4<f32> {
    let s = gate(x);
    return s + x * s * (1.0 - s) * (TWO_SQRT_2_OVER_PI + 3.0 * CUBIC * TWO_SQRT_2_OVER_PI * x * x);
  }`
