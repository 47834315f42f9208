/**
 * The label-row head with its loss, a workgroup for each text: scores, cross-entropy and the scores' gradient in one
 * dispatch, the hidden state's gradient in another.
 */
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { onGpu, runWgsl, type WgslKernel } from '../../wgsl/program.ts'
import { reductions } from '../../wgsl/snippets.ts'

const THREADS = 64
/** Invocations that share the product of a hidden state with one class's row. */
const PER_CLASS = 16
const CLASSES_AT_ONCE = THREADS / PER_CLASS
/** Classes whose scores have room in a workgroup's memory. */
const MOST_CLASSES = 1024

export function hasWgslLabelLoss(rows: Tensor2D): boolean {
  return onGpu() && rows.shape[0] <= MOST_CLASSES && rows.shape[1] % 4 === 0
}

const FORWARD: WgslKernel = {
  key: 'softpost-label-loss',
  threads: THREADS,
  inputs: { hidden: 4, rows: 4, bias: 1, labels: 1 },
  uniforms: ['width', 'classes', 'columns', 'hasBias'],
  code: `
  ${reductions(THREADS)}
  var<workgroup> parts : array<f32, ${THREADS}>;
  var<workgroup> scores : array<f32, ${MOST_CLASSES}>;

  fn slope(class_ : i32, label : i32, top : f32, sum : f32) -> f32 {
    if (label < 0 || class_ >= uniforms.classes) { return 0.0; }
    return exp(scores[class_] - top) / sum - select(0.0, 1.0, class_ == label);
  }

  fn main(index : i32) {
    let lane = i32(localIndex);
    let text = i32(workgroupId.x);
    let part = lane % ${PER_CLASS};
    for (var first = 0; first < uniforms.classes; first += ${CLASSES_AT_ONCE}) {
      let own = first + lane / ${PER_CLASS};
      var product = 0.0;
      if (own < uniforms.classes) {
        for (var i = part; i < uniforms.width; i += ${PER_CLASS}) {
          product += dot(hidden[text * uniforms.width + i], rows[own * uniforms.width + i]);
        }
      }
      parts[lane] = product;
      workgroupBarrier();
      if (part == 0 && own < uniforms.classes) {
        var score = 0.0;
        if (uniforms.hasBias > 0) { score = bias[own]; }
        for (var i = 0; i < ${PER_CLASS}; i++) { score += parts[lane + i]; }
        scores[own] = score;
      }
      workgroupBarrier();
    }
    var largest = -3e38;
    for (var k = lane; k < uniforms.classes; k += ${THREADS}) { largest = max(largest, scores[k]); }
    let top = maxOfAll(largest, lane);
    var weights = 0.0;
    for (var k = lane; k < uniforms.classes; k += ${THREADS}) { weights += exp(scores[k] - top); }
    let sum = sumOfAll(weights, lane);

    let label = labels[text];
    let to = text * uniforms.columns;
    if (lane == 0) {
      var figures = vec4<f32>(0.0);
      if (label >= 0) {
        var best = 0;
        while (best < uniforms.classes - 1 && scores[best] < top) { best++; }
        figures = vec4<f32>(top + log(sum) - scores[label], select(0.0, 1.0, best == label), 0.0, 0.0);
      }
      result[to] = figures;
    }
    for (var i = lane; i < uniforms.columns - 1; i += ${THREADS}) {
      result[to + 1 + i] = vec4<f32>(
        slope(4 * i, label, top, sum),
        slope(4 * i + 1, label, top, sum),
        slope(4 * i + 2, label, top, sum),
        slope(4 * i + 3, label, top, sum));
    }
  }`,
}

const BACKWARD: WgslKernel = {
  key: 'softpost-label-loss-backward',
  threads: THREADS,
  inputs: { figures: 4, rows: 4 },
  uniforms: ['width', 'classes', 'columns'],
  code: `
  fn main(index : i32) {
    let column = i32(workgroupId.x) * ${THREADS} + i32(localIndex);
    if (column >= uniforms.width) { return; }
    let text = i32(workgroupId.y);
    var sum = vec4<f32>(0.0);
    for (var k = 0; k < uniforms.classes; k++) {
      sum += figures[text * uniforms.columns + 1 + k / 4][k % 4] * rows[k * uniforms.width + column];
    }
    result[text * uniforms.width + column] = sum;
  }`,
}

/**
 * hidden `[m, d]`, the head's rows `[K, d]` with their bias `[K]`, and labels `[m]` (int32, -1 for dummies, which give zeros). `figures` is
 * `[m, 4 + K]`, K rounded up to a multiple of 4: loss in nats, 1 where the largest score is the label's, two zeros, then
 * the scores' gradient.
 */
export function wgslLabelLoss(
  hidden: Tensor2D,
  { rows, bias }: { readonly rows: Tensor2D; readonly bias: Tensor1D | null },
  labels: Tensor1D,
): { readonly figures: Tensor2D; readonly dHidden: Tensor2D } {
  const [classes, width] = rows.shape
  const texts = hidden.shape[0]
  const columns = 1 + Math.ceil(classes / 4)
  const uniforms = { width: width / 4, classes, columns }
  const figures = runWgsl(FORWARD, {
    // Where there is no bias its place is taken by the rows, of which nothing is then read as one.
    inputs: [hidden, rows, bias ?? rows, labels],
    shape: [texts, 4 * columns],
    uniforms: { ...uniforms, hasBias: Number(bias !== null) },
    workgroups: [texts, 1, 1],
  })
  const dHidden = runWgsl(BACKWARD, {
    inputs: [figures, rows],
    shape: [texts, width],
    uniforms,
    workgroups: [Math.ceil(width / 4 / THREADS), texts, 1],
  })
  return { figures, dHidden }
}
