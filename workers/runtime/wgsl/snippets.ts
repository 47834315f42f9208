/** Pieces of WGSL that several kernels use. */

/**
 * `sumOfAll(value, lane)` and `maxOfAll(value, lane)` over the workgroup's invocations, the same to each of them, in an
 * order that is always the same. To be called by all of them.
 */
export function reductions(threads: number): string {
  // Each invocation adds up all parts by itself: a tree would take a barrier at every level.
  const reduce = (name: string, combine: string): string => `
    fn ${name}(value : f32, lane : i32) -> f32 {
      reduced[lane] = value;
      workgroupBarrier();
      var a = reduced[0];
      for (var other = 1; other < ${threads}; other++) {
        let b = reduced[other];
        a = ${combine};
      }
      workgroupBarrier();
      return a;
    }`
  return `
    var<workgroup> reduced : array<f32, ${threads}>;
    ${reduce('sumOfAll', 'a + b')}
    ${reduce('maxOfAll', 'max(a, b)')}`
}

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
