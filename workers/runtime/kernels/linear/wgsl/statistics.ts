/**
 * Mean and 1/std of the rows of X that are multiplied, so that a norm before a product needs no dispatch and no array of
 * its own. A row's sums are formed in one order, wherever it stands.
 */

const PARTS = 4

/**
 * `statistics[r]` of the r-th of a workgroup's `height` rows, once all of it has called `findStatistics`; by four parts
 * of a row, whatever the cut. `normed(value, r, deep)` is that row's value at its place, normalised.
 */
export function rowStatistics(height: number, threads: number): string {
  /** Σ `term` over each row, a lane for each part; then `what` is done with it, a lane for each row. */
  const overRows = (term: string, what: string): string => `
    for (var i = lane; i < ${height * PARTS}; i += ${threads}) {
      let begin = min(firstRow + i / ${PARTS}, uniforms.rows - 1) * uniforms.stride + uniforms.xFrom;
      let mean = statistics[i / ${PARTS}].x;
      var sum = 0.0;
      for (var deep = i % ${PARTS}; deep < uniforms.inner; deep += ${PARTS}) {
        let value = x[begin + deep];
        sum += ${term};
      }
      partial[i] = sum;
    }
    workgroupBarrier();
    for (var row = lane; row < ${height}; row += ${threads}) {
      let at = ${PARTS} * row;
      let sum = (partial[at] + partial[at + 1]) + (partial[at + 2] + partial[at + 3]);
      ${what}
    }
    workgroupBarrier();`
  return `
  var<workgroup> statistics : array<vec2<f32>, ${height}>;
  var<workgroup> partial : array<f32, ${height * PARTS}>;
  fn findStatistics(lane : i32, firstRow : i32) {
    let size = f32(uniforms.inner * 4);
    ${overRows('dot(value, vec4<f32>(1.0))', 'statistics[row] = vec2<f32>(f32(uniforms.centred) * sum / size, 0.0);')}
    ${overRows(
      'dot(value - mean, value - mean)',
      'statistics[row].y = inverseSqrt(sum / size + bitcast<f32>(uniforms.eps));',
    )}
  }
  fn normed(value : vec4<f32>, row : i32, deep : i32) -> vec4<f32> {
    let y = (value - statistics[row].x) * statistics[row].y * gain[deep];
    return select(y, y + shift[deep], uniforms.centred > 0);
  }`
}
