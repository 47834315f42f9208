/**
 * The loss of answers on the GPU: a workgroup for each read position finds its row's figures in three readings, a thread
 * for each text puts those of its rows together, and every logit's gradient follows in a fourth reading.
 */
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { isSoftwareGpu, onGpu, runWgsl, type WgslKernel } from '../../wgsl/program.ts'
import { reductions } from '../../wgsl/snippets.ts'
import type { TokenLoss } from './tokenLoss.ts'

const THREADS = 64

export function hasWgslTokenLoss(): boolean {
  return onGpu()
}

/** `[n, 4]`: loss, 1 where no other token is as likely, log Σ exp, 0; zeros for a row without a target. */
function rowsKernel(threads: number): WgslKernel {
  return {
    key: `softpost-token-loss-rows-${threads}`,
    threads,
    inputs: { logits: 1, targets: 1 },
    uniforms: ['vocabulary'],
    code: `
  ${reductions(threads)}
  fn main(index : i32) {
    let lane = i32(localIndex);
    let row = i32(workgroupId.x);
    let begin = row * uniforms.vocabulary;
    let end = begin + uniforms.vocabulary;
    let wanted = targets[row];
    var largest = -3e38;
    for (var at = begin + lane; at < end; at += ${threads}) { largest = max(largest, logits[at]); }
    let top = maxOfAll(largest, lane);
    var weights = 0.0;
    for (var at = begin + lane; at < end; at += ${threads}) { weights += exp(logits[at] - top); }
    let logSum = top + log(sumOfAll(weights, lane));
    let place = begin + max(wanted, 0);
    let own = logits[place];
    var beaten = 0.0;
    for (var at = begin + lane; at < end; at += ${threads}) {
      let other = logits[at];
      if (other > own || (other == own && at < place)) { beaten = 1.0; }
    }
    let wrong = maxOfAll(beaten, lane);
    if (lane == 0) {
      result[row] = select(vec4<f32>(logSum - own, 1.0 - wrong, logSum, 0.0), vec4<f32>(0.0), wanted < 0);
    }
  }`,
  }
}

const TEXTS: WgslKernel = {
  key: 'softpost-token-loss-texts',
  threads: THREADS,
  inputs: { rows: 4, weights: 1 },
  uniforms: ['texts', 'reads'],
  code: `
  fn main(index : i32) {
    let text = i32(workgroupId.x) * ${THREADS} + i32(localIndex);
    if (text >= uniforms.texts) { return; }
    var loss = 0.0;
    var correct = 1.0;
    var answered = 0.0;
    for (var row = text * uniforms.reads; row < (text + 1) * uniforms.reads; row++) {
      if (weights[row] == 0.0) { continue; }
      answered = 1.0;
      loss += weights[row] * rows[row].x;
      correct = min(correct, rows[row].y);
    }
    result[text] = vec4<f32>(loss, correct * answered, 0.0, 0.0);
  }`,
}

const GRADIENT: WgslKernel = {
  key: 'softpost-token-loss-gradient',
  threads: THREADS,
  inputs: { logits: 1, targets: 1, weights: 1, rows: 4 },
  uniforms: ['vocabulary'],
  result: { lanes: 1, dtype: 'float32' },
  code: `
  fn main(index : i32) {
    let column = i32(workgroupId.x) * ${THREADS} + i32(localIndex);
    if (column >= uniforms.vocabulary) { return; }
    let row = i32(workgroupId.y);
    let at = row * uniforms.vocabulary + column;
    let weight = weights[row];
    if (weight == 0.0) {
      result[at] = 0.0;
      return;
    }
    result[at] = weight * (exp(logits[at] - rows[row].z) - select(0.0, 1.0, column == targets[row]));
  }`,
}

/** logits `[m·R, V]`; targets and weights as in `tokenLoss`. */
export function wgslTokenLoss(
  logits: Tensor2D,
  { targets, weights, texts }: { readonly targets: Tensor1D; readonly weights: Tensor1D; readonly texts: number },
): TokenLoss {
  const [count, vocabulary] = logits.shape
  const rows = runWgsl(rowsKernel(isSoftwareGpu() ? THREADS : 256), {
    inputs: [logits, targets],
    shape: [count, 4],
    uniforms: { vocabulary },
    workgroups: [count, 1, 1],
  })
  const figures = runWgsl(TEXTS, {
    inputs: [rows, weights],
    shape: [texts, 4],
    uniforms: { texts, reads: count / texts },
    workgroups: [Math.ceil(texts / THREADS), 1, 1],
  })
  const dLogits = runWgsl(GRADIENT, {
    inputs: [logits, targets, weights, rows],
    shape: [count, vocabulary],
    uniforms: { vocabulary },
    workgroups: [Math.ceil(vocabulary / THREADS), count, 1],
  })
  return { figures, dLogits }
}
