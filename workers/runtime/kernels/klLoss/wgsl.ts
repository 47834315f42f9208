/**
 * The transfer's loss over the whole vocabulary without a temporary of its size: a workgroup for each text finds maxima,
 * sums and losses in two readings of its row, and every logit's gradient follows from those in a third.
 */
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core'
import { bitsOf } from '../../bits.ts'
import { isSoftwareGpu, onGpu, runWgsl, type WgslKernel } from '../../wgsl/program.ts'
import { reductions } from '../../wgsl/snippets.ts'
import type { ConstantTensors, LossOptions } from './klLoss.ts'

const GRADIENT_THREADS = 64

export function hasWgslKlLoss(): boolean {
  return onGpu()
}

/** Both of the loss's arguments at one place, over T. */
const LOGITS = `
  fn logitsAt(at : i32) -> vec2<f32> {
    let z = logits[at];
    return vec2<f32>(z, z - teacherPlain[at]) * bitcast<f32>(uniforms.coldness);
  }`

/** `[m, 8]`: L1, L2, then log Σ exp of both arguments; the rest is 0. */
function figuresKernel(threads: number): WgslKernel {
  return {
    key: `softpost-kl-figures-${threads}`,
    threads,
    inputs: { logits: 1, studentOutput: 1, studentShift: 1, teacherPlain: 1 },
    uniforms: ['vocabulary', 'coldness', 'leastProbability'],
    code: `
  ${reductions(threads)}
  ${LOGITS}
  // s log s - s log q; 0 where s is 0.
  fn term(source : f32, logTarget : f32) -> f32 {
    return source * (log(max(source, bitcast<f32>(uniforms.leastProbability))) - logTarget);
  }

  fn main(index : i32) {
    let lane = i32(localIndex);
    let text = i32(workgroupId.x);
    let begin = text * uniforms.vocabulary;
    let end = begin + uniforms.vocabulary;
    var largest = vec2<f32>(-3e38);
    for (var at = begin + lane; at < end; at += ${threads}) { largest = max(largest, logitsAt(at)); }
    let top = vec2<f32>(maxOfAll(largest.x, lane), maxOfAll(largest.y, lane));
    var weights = vec2<f32>(0.0);
    for (var at = begin + lane; at < end; at += ${threads}) { weights += exp(logitsAt(at) - top); }
    let logSum = top + log(vec2<f32>(sumOfAll(weights.x, lane), sumOfAll(weights.y, lane)));
    var losses = vec2<f32>(0.0);
    for (var at = begin + lane; at < end; at += ${threads}) {
      let logTarget = logitsAt(at) - logSum;
      losses += vec2<f32>(term(studentOutput[at], logTarget.x), term(studentShift[at], logTarget.y));
    }
    let output = sumOfAll(losses.x, lane);
    let shift = sumOfAll(losses.y, lane);
    if (lane == 0) {
      let coldness = bitcast<f32>(uniforms.coldness);
      result[2 * text] = vec4<f32>(vec2<f32>(output, shift) / (coldness * coldness), logSum);
      result[2 * text + 1] = vec4<f32>(0.0);
    }
  }`,
  }
}

const GRADIENT: WgslKernel = {
  key: 'softpost-kl-gradient',
  threads: GRADIENT_THREADS,
  inputs: { logits: 1, studentOutput: 1, studentShift: 1, teacherPlain: 1, figures: 4 },
  uniforms: ['vocabulary', 'coldness', 'outputWeight', 'shiftWeight'],
  result: { lanes: 1, dtype: 'float32' },
  code: `
  ${LOGITS}
  fn main(index : i32) {
    let column = i32(workgroupId.x) * ${GRADIENT_THREADS} + i32(localIndex);
    if (column >= uniforms.vocabulary) { return; }
    let text = i32(workgroupId.y);
    let at = text * uniforms.vocabulary + column;
    let excess = exp(logitsAt(at) - figures[2 * text].zw) - vec2<f32>(studentOutput[at], studentShift[at]);
    result[at] = dot(excess, vec2<f32>(bitcast<f32>(uniforms.outputWeight), bitcast<f32>(uniforms.shiftWeight)));
  }`,
}

/** Logits `[m, V]` to their gradient and `figures` `[m, 8]`, which begin with L1 and L2 of each text. */
export function wgslKlLoss(
  logits: Tensor2D,
  { studentOutput, studentShift, teacherPlain }: ConstantTensors,
  { alpha, temperature, leastProbability }: LossOptions & { readonly leastProbability: number },
): { readonly figures: Tensor2D; readonly dLogits: Tensor2D } {
  const [texts, vocabulary] = logits.shape
  const inputs: Tensor[] = [logits, studentOutput, studentShift, teacherPlain]
  const coldness = bitsOf(1 / temperature)
  const figures = runWgsl(figuresKernel(isSoftwareGpu() ? 64 : 256), {
    inputs,
    shape: [texts, 8],
    uniforms: { vocabulary, coldness, leastProbability: bitsOf(leastProbability) },
    workgroups: [texts, 1, 1],
  })
  const dLogits = runWgsl(GRADIENT, {
    inputs: [...inputs, figures],
    shape: [texts, vocabulary],
    uniforms: {
      vocabulary,
      coldness,
      outputWeight: bitsOf((1 - alpha) * temperature),
      shiftWeight: bitsOf(alpha * temperature),
    },
    workgroups: [Math.ceil(vocabulary / GRADIENT_THREADS), texts, 1],
  })
  return { figures, dLogits }
}
