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
  const readAlone = spec.variant === 'autodiff-read'
  const model = new AutodiffGpt2(files, { readAlone })
  const { batch, chunk = batch } = spec
  const chunks = Array.from({ length: Math.ceil(batch / chunk) }, (_, at) => at * chunk)
  if (spec.case === 'constants') throw new Error('the constants are ours alone')
  const passOf = { tune, transfer, classify }[spec.case]
  const passes = chunks.map((start) => passOf(model, { spec, start, size: Math.min(chunk, batch - start), readAlone }))
  const pass = async (): Promise<ArrayLike<number>> => {
    const parts: ArrayLike<number>[] = []
    for (const part of passes) parts.push(await part())
    return spec.case === 'classify' ? parts.flatMap((part) => Array.from(part)) : sumOf(parts)
  }
  return {
    pass,
    counted: pass,
    shares: { microbatches: chunks.length, copies: 1 },
    close: () => Promise.resolve(),
  }
}

type Pass = () => Promise<ArrayLike<number>>

/** The texts of one backward pass. */
type Part = { readonly spec: Spec; readonly start: number; readonly size: number; readonly readAlone: boolean }

function sumOf(parts: readonly ArrayLike<number>[]): Float64Array {
  const total = new Float64Array(parts[0]?.length ?? 0)
  for (const part of parts) for (let at = 0; at < total.length; at++) total[at] = (total[at] ?? 0) + (part[at] ?? 0)
  return total
}

function prepare(model: AutodiffGpt2, { spec, start, size, readAlone }: Part) {
  const { promptLength, textTokens } = spec
  const { width, vocabulary } = model.config
  const inputs = makeInputs(spec, model.config)
  const places = Array.from({ length: size }, (_, row) => start + row)
  const { tokens } = padded(inputs.examples, places, { size, length: textTokens, reads: 1 })
  const one = tensor3d(inputs.prompt, [1, promptLength, width])
  const words = inputs.labelTokens.map(([token = 0]) => token)
  const columns = readAlone ? model.columns(words) : null
  // A gather's gradient is not to be had on WASM.
  const selected = new Float32Array(vocabulary * CLASSES)
  for (const [index, token] of words.entries()) selected[token * CLASSES + index] = 1
  const select = columns ? null : tensor2d(selected, [vocabulary, CLASSES])
  const scoresOf = (prompts: Tensor3D): Tensor2D => {
    const hidden = model.hidden(prompts, tokens)
    return columns ? matMul(hidden, columns) : matMul(model.logits(hidden), select as Tensor2D)
  }
  const labels = inputs.labels.slice(start, start + size)
  return { inputs, tokens, labels, prompts: (): Tensor3D => tile(one, [size, 1, 1]), scoresOf }
}

/** Each text's own gradient is that of its copy of the prompt. */
function tune(model: AutodiffGpt2, part: Part): Pass {
  const { inputs, labels, prompts, scoresOf } = prepare(model, part)
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
function transfer(model: AutodiffGpt2, part: Part): Pass {
  const { spec, start, size } = part
  const { inputs, tokens } = prepare(model, part)
  const { vocabulary, width } = model.config
  const constants = makeConstants(spec, model.config)
  const asTensor = (values: Float32Array): Tensor2D =>
    tensor2d(values.subarray(start * vocabulary, (start + size) * vocabulary), [size, vocabulary])
  const [studentOutput, studentShift, teacherPlain] = [
    asTensor(constants.studentOutput),
    asTensor(constants.studentShift),
    asTensor(constants.teacherPlain),
  ]
  const prompt = tensor3d(inputs.prompt, [1, spec.promptLength, width])
  const lossOf = (one: Tensor): Tensor => {
    const logits = model.logits(model.hidden(tile(one as Tensor3D, [size, 1, 1]), tokens))
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

function classify(model: AutodiffGpt2, part: Part): Pass {
  const { prompts, scoresOf } = prepare(model, part)
  return async () => await take(tidy(() => scoresOf(prompts())))
}
