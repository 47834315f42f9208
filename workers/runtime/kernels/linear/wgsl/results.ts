/** The results that an invocation adds up: `sumR_C`, a vec4 of columns. */
import type { Cut } from './cuts.ts'

export const each = (count: number, make: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => make(i)).join(' ')

export function declareSums({ rows, columns }: Cut): string {
  return each(rows, (r) => each(columns, (c) => `var sum${r}_${c} = vec4<f32>(0.0);`))
}

/** From `row` and `column` on. A loop: inlined for each result, the compilers of software GPUs take a minute. */
export function storeSums({ rows, columns, across }: Cut): string {
  const sums = each(rows, (r) => each(columns, (c) => `sum${r}_${c},`))
  return `
    var sums = array<vec4<f32>, ${rows * columns}>(${sums});
    for (var i = 0; i < ${rows * columns}; i++) {
      store(row + i / ${columns}, column + (i % ${columns}) * ${across}, sums[i]);
    }`
}
