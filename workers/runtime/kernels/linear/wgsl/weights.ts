/** Reading packed weights, four at a time. */
import type { Lanes } from '../../../wgsl/program.ts'
import type { Storage } from '../packed.ts'

/** Lanes of the array `w`: those of four weights. */
export const WEIGHT_LANES: Readonly<Record<Storage, Lanes>> = { f32: 4, f16: 2, int8: 1 }

const WEIGHT_AT: Readonly<Record<Storage, string>> = {
  f32: 'return w[at];',
  f16: `let words = bitcast<vec2<u32>>(w[at]);
    return vec4<f32>(unpack2x16float(words.x), unpack2x16float(words.y));`,
  // Each byte to the top of a word, and down again with its sign.
  int8: 'return vec4<f32>((vec4<i32>(w[at]) << vec4<u32>(24u, 16u, 8u, 0u)) >> vec4<u32>(24u));',
}

/**
 * Declares `wC_0` to `wC_3`: the four columns from 4 · `column` on, at the inner positions from 4 · `deep` on. Turned or
 * not is a branch that all invocations take alike: a second pipeline would cost a software GPU seconds to compile.
 */
export function readBlock(c: number, { deep, column }: { deep: string; column: string }): string {
  const four = [0, 1, 2, 3] as const
  const across = (k: number): string => four.map((j) => `r${c}_${j}[${k}]`).join(', ')
  return `
      let stride${c} = uniforms.weightStride;
      let at${c} = uniforms.weightFrom +
        select(4 * (${deep}) * stride${c} + ${column}, 4 * (${column}) * stride${c} + ${deep}, uniforms.turned > 0);
      ${four.map((j) => `let r${c}_${j} = weightAt(at${c} + ${j} * stride${c}); var w${c}_${j} = r${c}_${j};`).join(' ')}
      if (uniforms.turned > 0) { ${four.map((k) => `w${c}_${k} = vec4<f32>(${across(k)});`).join(' ')} }`
}

export function weightAt(storage: Storage): string {
  return `
  fn weightAt(at : i32) -> vec4<f32> {
    ${WEIGHT_AT[storage]}
  }`
}
