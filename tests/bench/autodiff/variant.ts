/** The steps on {@link AutodiffGpt2}: one batch, padded to its longest text, one `grad`. */
import {
  add,
  grad,
  keep,
  log,
  matMul,
  maximum,
  mul,
  neg,
  logSoftmax,
  sub,
  sum,
  tensor2d,
  tensor3d,
  tidy,
  tile,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
} from '@tensorflow/tfjs-core'
import { addContribution, contributionLength } from '../../../workers/privacy/contribution.ts'
import type { ModelFile } from '../../../workers/protocol/tuner.ts'
import { take } from '../../../workers/runtime/tensors.ts'
import { padded } from '../../../workers/task/batches.ts'
import { TEMPERATURE } from '../../../workers/transfer/constants.ts'
import { labelLoss } from '../../../workers/tune/labelLoss.ts'
import { ALPHA, CLASSES, CLIP_NORM, makeConstants, makeInputs } from '../inputs.ts'
import type { Spec, Variant } from '../types.ts'
import { AutodiffGpt2 } from './gpt2.ts'

export function autodiff(spec: Spec, files: readonly ModelFile[]): Variant {
  const model = new AutodiffGpt2(files)
  const pass = { tune, transfer, classify }[spec.case](model, spec)
  return {
    pass,
    counted: pass,
    shares: { microbatches: 1, copies: 1 },
    layers: model.config.layers,
    close: () => Promise.resolve(),
  }
}

type Pass = () => Promise<ArrayLike<number>>

function prepare(model: AutodiffGpt2, spec: Spec) {
  const { promptLength, batch, textTokens } = spec
  const { width } = model.config
  const inputs = makeInputs(spec, model.config)
  const places = inputs.examples.map((_, place) => place)
  const tokens = padded(inputs.examples, places, { size: batch, length: textTokens })
  const one = tensor3d(inputs.prompt, [1, promptLength, width])
  // A gather's gradient is not to be had on WASM.
  const { vocabulary } = model.config
  const selected = new Float32Array(vocabulary * CLASSES)
  for (const [index, [token = 0]] of inputs.labelTokens.entries()) selected[token * CLASSES + index] = 1
  const select = tensor2d(selected, [vocabulary, CLASSES])
  const scoresOf = (prompts: Tensor3D): Tensor2D => matMul(model.logits(prompts, tokens), select)
  return { inputs, tokens, prompts: (): Tensor3D => tile(one, [batch, 1, 1]), scoresOf }
}

/** Each text's own gradient is that of its copy of the prompt. */
function tune(model: AutodiffGpt2, spec: Spec): Pass {
  const { inputs, prompts, scoresOf } = prepare(model, spec)
  const { labels } = inputs
  const size = inputs.prompt.length
  const targets = tensor2d(
    labels.flatMap((label) => Array.from({ length: CLASSES }, (_, index) => Number(index === label))),
    [labels.length, CLASSES],
  )
  return async () => {
    const kept: Tensor[] = []
    const gradient = tidy(() =>
      grad((copies: Tensor) => {
        const scores = scoresOf(copies as Tensor3D)
        kept.push(keep(scores))
        return neg(sum(mul(logSoftmax(scores), targets)))
      })(prompts()),
    )
    const [scores] = kept
    if (!scores) throw new Error('tune: no scores')
    const [scoreValues, gradients] = await Promise.all([take(scores), take(gradient)])
    const plan = { size, clipNorm: CLIP_NORM }
    const total = new Float64Array(contributionLength(plan))
    for (const [row, label] of labels.entries()) {
      const { loss, correct } = labelLoss(scoreValues, row, { classes: CLASSES, label })
      const gradient = gradients.subarray(row * size, (row + 1) * size)
      addContribution(plan, { gradient, loss, correct: Number(correct) }, total)
    }
    return total
  }
}

/** The constants are cached as ours are: what differs is how the teacher's gradient is found. */
function transfer(model: AutodiffGpt2, spec: Spec): Pass {
  const { inputs, tokens } = prepare(model, spec)
  const { vocabulary, width } = model.config
  const constants = makeConstants(spec, model.config)
  const asTensor = (values: Float32Array): Tensor2D => tensor2d(values, [spec.batch, vocabulary])
  const [studentOutput, studentShift, teacherPlain] = [
    asTensor(constants.studentOutput),
    asTensor(constants.studentShift),
    asTensor(constants.teacherPlain),
  ]
  const prompt = tensor3d(inputs.prompt, [1, spec.promptLength, width])
  const lossOf = (one: Tensor): Tensor => {
    const logits = model.logits(tile(one as Tensor3D, [spec.batch, 1, 1]), tokens)
    const output = divergence(logits, studentOutput)
    const shift = divergence(sub(logits, teacherPlain), studentShift)
    return add(mul(output, 1 - ALPHA), mul(shift, ALPHA))
  }
  return async () => await take(tidy(() => grad(lossOf)(prompt)))
}

/** T² KL(source ‖ softmax(z/T)), summed over the batch. */
function divergence(z: Tensor2D, source: Tensor2D): Tensor {
  const logSource = log(maximum(source, 1e-30))
  return mul(sum(mul(source, sub(logSource, logSoftmax(mul(z, 1 / TEMPERATURE))))), TEMPERATURE ** 2)
}

function classify(model: AutodiffGpt2, spec: Spec): Pass {
  const { prompts, scoresOf } = prepare(model, spec)
  return async () => await take(tidy(() => scoresOf(prompts())))
}
