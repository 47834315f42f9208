import type { Cut } from './cuts.ts'
import { declareSums, each, storeSums } from './results.ts'
import { readBlock } from './weights.ts'

/** Straight from memory, without barriers: `rows` rows share each block of W that is read. */
export function direct(cut: Cut, paired: boolean): string {
  const { rows, columns, across } = cut
  const product = (k: number): string =>
    each(rows, (r) => each(columns, (c) => `sum${r}_${c} += x${r}[${k}] * w${c}_${k};`))
  return `
  fn main(index : i32) {
    let row = i32(workgroupId.y) * ${rows};
    let own = i32(localIndex);
    ${declareSums(cut)}
    for (var deep = 0; deep < uniforms.inner; deep++) {
      ${each(rows, (r) => `let x${r} = loadX(min(row + ${r}, uniforms.rows - 1), ${r}, deep);`)}
      ${each(columns, (c) => readBlock(c, { deep: 'deep', column: `min(columnOf(own + ${c * across}), uniforms.columns - 1)` }))}
      ${each(4, product)}
    }
    ${storeSums(cut, paired)}
  }`
}
