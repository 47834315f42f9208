/**
 * Whose work a row is: on a GPU that of a workgroup, whose invocations share it; on one that is a program on the CPU, for
 * which each barrier is dear, that of one invocation. Either way a row's sums have one order, wherever it stands.
 */
import { isSoftwareGpu, type WgslCall } from './program.ts'
import { reductions } from './snippets.ts'

export type RowWork = {
  /** What a kernel's key ends in. */
  readonly name: string
  readonly threads: number
  /** Declares `sumOfAll(value, lane)` and `maxOfAll(value, lane)`, over those who share a row. */
  readonly reductions: string
  /** Declares `row`, and `lane`: the first of a row's vec4s that are the invocation's; ends it where there is no row. */
  readonly begin: string
  /** From one of them to the next. */
  readonly step: number
}

const SHARED_THREADS = 64
/** As many as the widest vectors of a CPU have lanes of. */
const ALONE_THREADS = 8

const SHARED: RowWork = {
  name: 'shared',
  threads: SHARED_THREADS,
  reductions: reductions(SHARED_THREADS),
  begin: 'let row = i32(workgroupId.x); let lane = i32(localIndex);',
  step: SHARED_THREADS,
}

const ALONE: RowWork = {
  name: 'alone',
  threads: ALONE_THREADS,
  reductions: `
    fn sumOfAll(value : f32, lane : i32) -> f32 { return value; }
    fn maxOfAll(value : f32, lane : i32) -> f32 { return value; }`,
  begin: `
    let row = i32(workgroupId.x) * ${ALONE_THREADS} + i32(localIndex);
    let lane = 0;
    if (row >= uniforms.rows) { return; }`,
  step: 1,
}

export function rowWork(): RowWork {
  return isSoftwareGpu() ? ALONE : SHARED
}

export function rowWorkgroups(work: RowWork, rows: number): WgslCall['workgroups'] {
  return [work === ALONE ? Math.ceil(rows / ALONE_THREADS) : rows, 1, 1]
}
