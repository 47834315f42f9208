/** Floats where only integers fit: parameters of a wasm function, uniforms of a kernel. */

/** A float32's bits as an i32. In WGSL `bitcast<f32>(uniforms.NAME)` undoes it. */
export function bitsOf(value: number): number {
  return new Int32Array(Float32Array.of(value).buffer)[0] ?? 0
}
