/**
 * Y = f(X) W with everything around it in one dispatch. A row's results are summed over the inner axis in one fixed
 * order, wherever in the batch it stands.
 */
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { isSoftwareGpu, onGpu, runWgsl, type WgslKernel } from '../../wgsl/program.ts'
import { wgslGelu } from '../gelu/wgsl.ts'
import { GELU } from '../../wgsl/snippets.ts'

export type Around = {
  readonly bias?: Tensor1D | null
  /** Whether X passes through GELU on its way in. */
  readonly geluInput?: boolean
  /** `[r, out]`: Y is multiplied with GELU's slope there; row i of Y takes row i mod r. */
  readonly slopeAt?: Tensor2D
  /** `[n, out]`, added to Y. */
  readonly plus?: Tensor2D
}

/** How the work is cut: `rows` x `columns` (vec4s) results of an invocation, `down` x `across` invocations. */
type Cut = {
  readonly kind: 'tiled' | 'direct'
  readonly rows: number
  readonly columns: number
  readonly down: number
  readonly across: number
}

/** Tiles of X and W in workgroup memory, for a GPU; few rows take a flatter tile. */
const TILED: Cut = { kind: 'tiled', rows: 4, columns: 2, down: 16, across: 8 }
const TILED_FLAT: Cut = { ...TILED, down: 8 }
/** Straight from memory: a GPU that is a program on the CPU has caches, and pays for each barrier. */
const DIRECT: Cut = { kind: 'direct', rows: 8, columns: 1, down: 4, across: 16 }
const DIRECT_FLAT: Cut = { ...DIRECT, rows: 2 }

/** Inner positions of a tile. */
const DEPTH = 16

function cutFor(rows: number): Cut {
  if (isSoftwareGpu()) return rows > DIRECT_FLAT.rows * DIRECT_FLAT.down ? DIRECT : DIRECT_FLAT
  return rows > TILED_FLAT.rows * TILED_FLAT.down ? TILED : TILED_FLAT
}

/** Whether {@link wgslLinear} takes a weight of this shape; tfjs's own product takes the others. */
export function hasWgslLinear(w: Tensor2D): boolean {
  return onGpu() && w.shape.every((size) => size % 4 === 0)
}

/** x `[n, in]` (rows may be longer: what is beyond `in` is left out), w `[in, out]`, to `[n, out]`. */
export function wgslLinear(x: Tensor2D, w: Tensor2D, around: Around = {}): Tensor2D {
  const [rows, stride] = x.shape
  const [inner, columns] = w.shape
  // Fused, every invocation of a row would compute it again.
  if (around.geluInput === true && isSoftwareGpu()) return wgslLinear(wgslGelu(x), w, { ...around, geluInput: false })
  const { bias, slopeAt, plus } = around
  const cut = cutFor(rows)
  return runWgsl(kernelOf(cut), {
    // What is not there is not read either; its place has to be taken all the same.
    inputs: [x, w, bias ?? w, slopeAt ?? w, plus ?? w],
    shape: [rows, columns],
    uniforms: {
      rows,
      inner: inner / 4,
      columns: columns / 4,
      stride: stride / 4,
      geluInput: Number(around.geluInput === true),
      hasBias: Number(Boolean(bias)),
      slopeRows: slopeAt?.shape[0] ?? 0,
      hasPlus: Number(plus !== undefined),
      // Unknown to the compilers: those of software GPUs unroll the loop and take a minute for it.
      quarters: DEPTH / 4,
    },
    workgroups: [Math.ceil(columns / (4 * cut.columns * cut.across)), Math.ceil(rows / (cut.rows * cut.down)), 1],
  })
}

const LOAD_X = `
  fn loadX(at : i32) -> vec4<f32> {
    let value = x[at];
    if (uniforms.geluInput > 0) { return gelu(value); }
    return value;
  }`

/** One kernel for all that may be around: a branch that all invocations take alike costs less than another pipeline. */
function kernelOf(cut: Cut): WgslKernel {
  return {
    key: ['softpost-linear', ...Object.values(cut)].join('-'),
    threads: cut.down * cut.across,
    inputs: { x: 4, w: 4, bias: 4, slopeAt: 4, plus: 4 },
    uniforms: ['rows', 'inner', 'columns', 'stride', 'geluInput', 'hasBias', 'slopeRows', 'hasPlus', 'quarters'],
    code: `
  ${GELU}
  fn store(row : i32, column : i32, sum : vec4<f32>) {
    if (row >= uniforms.rows || column >= uniforms.columns) { return; }
    let at = row * uniforms.columns + column;
    var y = sum;
    if (uniforms.hasBias > 0) { y += bias[column]; }
    if (uniforms.slopeRows > 0) { y *= geluSlope(slopeAt[(row % uniforms.slopeRows) * uniforms.columns + column]); }
    if (uniforms.hasPlus > 0) { y += plus[at]; }
    result[at] = y;
  }
  ${cut.kind === 'tiled' ? LOAD_X : ''}
  ${cut.kind === 'tiled' ? tiled(cut) : direct(cut)}`,
  }
}

const each = (count: number, make: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => make(i)).join(' ')

/** `sumR_C` of each result of an invocation: declared, and stored from `row` and `column` on. */
function declare({ rows, columns }: Cut): string {
  return each(rows, (r) => each(columns, (c) => `var sum${r}_${c} = vec4<f32>(0.0);`))
}

/** A loop: inlined for each result, the compilers of software GPUs take a minute. */
function store({ rows, columns, across }: Cut): string {
  const sums = each(rows, (r) => each(columns, (c) => `sum${r}_${c},`))
  return `
    var sums = array<vec4<f32>, ${rows * columns}>(${sums});
    for (var i = 0; i < ${rows * columns}; i++) {
      store(row + i / ${columns}, column + (i % ${columns}) * ${across}, sums[i]);
    }`
}

function tiled(cut: Cut): string {
  const { rows, columns, down, across } = cut
  const threads = down * across
  const [height, width] = [rows * down, columns * across]
  const step = (part: number): string => `{
          let deep = quarter * 4 + ${part};
          ${each(columns, (c) => `let w${c} = tileW[deep * ${width} + ownColumn + ${c * across}];`)}
          let at = deep * ${height} + ownRow;
          ${each(rows, (r) => `let x${r} = tileX[at + ${r}]; ${each(columns, (c) => `sum${r}_${c} += x${r} * w${c};`)}`)}
        }`
  return `
  var<workgroup> tileX : array<f32, ${DEPTH * height}>;
  var<workgroup> tileW : array<vec4<f32>, ${DEPTH * width}>;

  fn main(index : i32) {
    let lane = i32(localIndex);
    let firstRow = i32(workgroupId.y) * ${height};
    let firstColumn = i32(workgroupId.x) * ${width};
    let ownRow = (lane / ${across}) * ${rows};
    let ownColumn = lane % ${across};
    ${declare(cut)}
    for (var start = 0; start < uniforms.inner; start += ${DEPTH / 4}) {
      for (var i = lane; i < ${(height * DEPTH) / 4}; i += ${threads}) {
        let row = i / ${DEPTH / 4};
        let deep = i % ${DEPTH / 4};
        var value = vec4<f32>(0.0);
        if (firstRow + row < uniforms.rows && start + deep < uniforms.inner) {
          value = loadX((firstRow + row) * uniforms.stride + start + deep);
        }
        let at = deep * ${4 * height} + row;
        tileX[at] = value.x;
        tileX[at + ${height}] = value.y;
        tileX[at + ${2 * height}] = value.z;
        tileX[at + ${3 * height}] = value.w;
      }
      for (var i = lane; i < ${DEPTH * width}; i += ${threads}) {
        let deep = start * 4 + i / ${width};
        let column = firstColumn + i % ${width};
        var value = vec4<f32>(0.0);
        if (deep < uniforms.inner * 4 && column < uniforms.columns) { value = w[deep * uniforms.columns + column]; }
        tileW[i] = value;
      }
      workgroupBarrier();
      for (var quarter = 0; quarter < uniforms.quarters; quarter++) {
        ${each(4, step)}
      }
      workgroupBarrier();
    }
    let row = firstRow + ownRow;
    let column = firstColumn + ownColumn;
    ${store(cut)}
  }`
}

function direct(cut: Cut): string {
  const { rows, columns, down, across } = cut
  const product = (component: number): string => `{
        ${each(columns, (c) => `let w${c} = w[(deep * 4 + ${component}) * uniforms.columns + min(column + ${c * across}, uniforms.columns - 1)];`)}
        ${each(rows, (r) => each(columns, (c) => `sum${r}_${c} += x${r}[${component}] * w${c};`))}
      }`
  return `
  fn main(index : i32) {
    let lane = i32(localIndex);
    let row = i32(workgroupId.y) * ${rows * down} + (lane / ${across}) * ${rows};
    let column = i32(workgroupId.x) * ${columns * across} + lane % ${across};
    ${declare(cut)}
    for (var deep = 0; deep < uniforms.inner; deep++) {
      ${each(rows, (r) => `let x${r} = x[min(row + ${r}, uniforms.rows - 1) * uniforms.stride + deep];`)}
      ${each(4, product)}
    }
    ${store(cut)}
  }`
}
