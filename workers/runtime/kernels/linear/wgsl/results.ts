/** The results that an invocation adds up: `sumR_C`, a vec4 of columns. */
import type { Cut } from './cuts.ts'

export const each = (count: number, make: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => make(i)).join(' ')

export function declareSums({ rows, columns }: Cut): string {
  return each(rows, (r) => each(columns, (c) => `var sum${r}_${c} = vec4<f32>(0.0);`))
}

/**
 * From `row` on, at the lane's `own` columns. A loop whose length the compiler does not know: with each result's store in
 * a line of its own, whether written so or unrolled, those of software GPUs take a minute.
 */
export function storeSums({ rows, columns, across }: Cut, paired: boolean): string {
  const sums = each(rows, (r) => each(columns, (c) => `sum${r}_${c},`))
  const stores = paired ? rows : rows * columns
  const store = paired
    ? 'storePair(row + i, columnOf(own), sums[2 * i], sums[2 * i + 1]);'
    : `store(row + i / ${columns}, columnOf(own + (i % ${columns}) * ${across}), sums[i]);`
  return `
    var sums = array<vec4<f32>, ${rows * columns}>(${sums});
    let stores = ${stores} - i32(uniforms.rows < 0);
    for (var i = 0; i < stores; i++) { ${store} }`
}

/**
 * `columnOf(local)`: which column it is that a workgroup has at a place of its own. Where columns are `paired`, those
 * that are `uniforms.pairs` apart, in heads of twice as many, it has the firsts before the seconds.
 */
export function columnOf({ columns, across }: Cut, paired: boolean): string {
  if (!paired)
    return `
  fn columnOf(local : i32) -> i32 {
    return i32(workgroupId.x) * ${columns * across} + local;
  }`
  return `
  fn columnOf(local : i32) -> i32 {
    let pair = i32(workgroupId.x) * ${across} + local % ${across};
    return pair + (pair / uniforms.pairs + local / ${across}) * uniforms.pairs;
  }`
}
