import type { Cut } from './cuts.ts'
import { declareSums, each, storeSums } from './results.ts'
import { readBlock } from './weights.ts'

/** Inner positions of a tile. */
const DEPTH = 16
const QUARTERS = DEPTH / 4

type Variant = { readonly normed: boolean; readonly paired: boolean; readonly mixed: boolean }

/** Largest half: what lies beyond would be infinite. */
const MOST = 65_504

/**
 * Tiles of X (turned, so that a row's neighbours stand side by side) and W in workgroup memory. Where products are mixed
 * both are halves there, and so are the sums over a tile's depth, which then are added up in float32.
 */
export function tiled(cut: Cut, { normed, paired, mixed }: Variant): string {
  const { rows, columns, down, across } = cut
  const threads = down * across
  const [height, width] = [rows * down, columns * across]
  const [number, four, sum] = mixed ? ['f16', 'vec4<f16>', 'part'] : ['f32', 'vec4<f32>', 'sum']
  const ofSums = (make: (place: string) => string): string => each(rows, (r) => each(columns, (c) => make(`${r}_${c}`)))
  const step = (part: number): string => `{
          let deep = quarter * 4 + ${part};
          ${each(columns, (c) => `let w${c} = tileW[deep * ${width} + own + ${c * across}];`)}
          let at = deep * ${height} + ownRow;
          ${each(rows, (r) => `let x${r} = tileX[at + ${r}]; ${each(columns, (c) => `${sum}${r}_${c} += x${r} * w${c};`)}`)}
        }`
  return `
  var<workgroup> tileX : array<${number}, ${DEPTH * height}>;
  var<workgroup> tileW : array<${four}, ${DEPTH * width}>;

  fn main(index : i32) {
    let lane = i32(localIndex);
    let firstRow = i32(workgroupId.y) * ${height};
    let ownRow = (lane / ${across}) * ${rows};
    let own = lane % ${across};
    ${declareSums(cut)}
    ${normed ? 'findStatistics(lane, firstRow);' : ''}
    // The compilers of software GPUs unroll a loop whose length they know, and take a minute for it.
    let quarters = min(uniforms.inner, ${QUARTERS});
    for (var start = 0; start < uniforms.inner; start += ${QUARTERS}) {
      for (var i = lane; i < ${height * QUARTERS}; i += ${threads}) {
        let row = i / ${QUARTERS};
        let deep = i % ${QUARTERS};
        var value = vec4<f32>(0.0);
        if (firstRow + row < uniforms.rows && start + deep < uniforms.inner) {
          value = loadX(firstRow + row, row, start + deep);
        }
        let at = deep * ${4 * height} + row;
        let held = ${mixed ? `${four}(clamp(value, vec4<f32>(-${MOST}.0), vec4<f32>(${MOST}.0)))` : 'value'};
        tileX[at] = held.x;
        tileX[at + ${height}] = held.y;
        tileX[at + ${2 * height}] = held.z;
        tileX[at + ${3 * height}] = held.w;
      }
      for (var i = lane; i < ${QUARTERS * width}; i += ${threads}) {
        // Neighbours read neighbours: along the stored rows.
        let deep = select(i / ${width}, i % ${QUARTERS}, uniforms.turned > 0);
        let column = select(i % ${width}, i / ${QUARTERS}, uniforms.turned > 0);
        let to = deep * ${4 * width} + column;
        let stored = columnOf(column);
        if (start + deep < uniforms.inner && stored < uniforms.columns) {
          ${readBlock(0, { deep: 'start + deep', column: 'stored' })}
          ${each(4, (k) => `tileW[to + ${k * width}] = ${four}(w0_${k});`)}
        } else {
          ${each(4, (k) => `tileW[to + ${k * width}] = ${four}();`)}
        }
      }
      workgroupBarrier();
      ${mixed ? ofSums((place) => `var part${place} = ${four}();`) : ''}
      for (var quarter = 0; quarter < quarters; quarter++) {
        ${each(4, step)}
      }
      ${mixed ? ofSums((place) => `sum${place} += vec4<f32>(part${place});`) : ''}
      workgroupBarrier();
    }
    let row = firstRow + ownRow;
    ${storeSums(cut, paired)}
  }`
}
