/** The transfer's two passes against the numbers of Hugging Face models (tests/golden/parity), on each backend. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openHostEngine } from '../../workers/host/openEngine.ts'
import { LocalEngine } from '../../workers/pool/localEngine.ts'
import type { Engine, TransferConstants } from '../../workers/pool/types.ts'
import type { SoftPrompt } from '../../workers/prompt/softPrompt.ts'
import type { Encoded } from '../../workers/task/types.ts'
import { alphaFrom, DEFAULT_ALPHA, measureAlpha } from '../../workers/transfer/alpha.ts'
import { computeConstants, TEMPERATURE } from '../../workers/transfer/constants.ts'
import { seededRandom } from '../../workers/task/seededRandom.ts'
import { publicLoss, transferPrompt } from '../../workers/transfer/transfer.ts'
import { startState, updateState } from '../../workers/tune/optimizer.ts'
import { BACKENDS, LEVEL, openTestBackend as openBackend } from './support/backends.ts'
import { expectClose, readModel, readVectors, type Precision, type Values } from './support/vectors.ts'

type AlphaCase = {
  readonly L1: number
  readonly L2: number
  readonly total: number
  readonly grad: Values
  readonly adam: { readonly losses: Values; readonly prompt_after: Values }
}
type Vectors = {
  readonly transfer: {
    readonly input_ids: readonly (readonly number[])[]
    readonly lengths: readonly number[]
    readonly prompt_length: number
    readonly source_prompt: Values
    readonly target_prompt: Values
    readonly temperature: number
    readonly optimizer: { readonly lr: number }
  } & Record<`${'source' | 'target'}_${'plain' | 'prompted'}_logits`, Values> &
    Record<`alpha=${'0' | '0.3' | '1'}`, AlphaCase>
  readonly precision: Precision
}
const { transfer: golden, precision } = await readVectors<Vectors>('post-gpt2/vectors.json')

const examples: Encoded[] = golden.input_ids.map((ids, row) => {
  const length = golden.lengths[row] ?? 0
  return { ids: Int32Array.from(ids.slice(0, length)), read: [length - 1], cut: false }
})
const vocabulary = golden.source_plain_logits.shape[1] ?? 0
const sourcePrompt = toPrompt(golden.source_prompt)
const targetPrompt = toPrompt(golden.target_prompt)

/** Every backend in this thread, and the pool that the command line and the host compute with. */
const ENGINES = [
  ...BACKENDS.map((name) => ({ name, level: LEVEL[name], open: async () => new LocalEngine(await openBackend(name)) })),
  { name: 'a pool of 2 on wasm', level: 'cpu', open: () => openHostEngine({ backend: 'wasm', workers: 2 }) },
] as const

describe.each(ENGINES)('on $name', ({ level, open }) => {
  let engine: Engine
  let constants: TransferConstants

  beforeAll(async () => {
    engine = await open()
    await engine.load('student', await readModel('post-gpt2/student'))
    await engine.load('teacher', await readModel('post-gpt2/teacher'))
    constants = await computeConstants({ engine, sourcePrompt, examples, vocabulary })
  })
  afterAll(() => engine.close())

  /** Every element within the tolerance that the vectors give for the field. */
  const expectNear = (field: string, actual: ArrayLike<number>, expected: readonly number[]): void => {
    expectClose(actual, expected, toleranceOf(field)[level])
  }

  test.each([
    ['source_plain_logits', 'student', null],
    ['source_prompted_logits', 'student', sourcePrompt],
    ['target_plain_logits', 'teacher', null],
    ['target_prompted_logits', 'teacher', targetPrompt],
  ] as const)('has the logits of Hugging Face: %s', async (name, slot, prompt) => {
    const logits = await engine.logits({
      slot,
      prompt: prompt?.values ?? null,
      promptLength: prompt?.length ?? 0,
      examples,
    })
    expectNear(`transfer.${name}`, logits, golden[name].data)
  })

  describe.each(['0', '0.3', '1'] as const)('with alpha %s', (alphaName) => {
    const alpha = Number(alphaName)
    const expected = golden[`alpha=${alphaName}`]
    const field = `transfer.alpha=${alphaName}`
    const batchOf = (prompt: Float32Array<ArrayBuffer>) => ({
      prompt,
      promptLength: golden.prompt_length,
      examples,
      constants,
      alpha,
      temperature: golden.temperature,
    })

    test('has the losses and the gradient of Hugging Face', async () => {
      const n = examples.length
      const { gradient, outputLoss, shiftLoss } = await engine.transfer(batchOf(targetPrompt.values))
      expectNear(`${field}.L1`, [outputLoss / n], [expected.L1])
      expectNear(`${field}.L2`, [shiftLoss / n], [expected.L2])
      expectNear(
        `${field}.grad`,
        gradient.map((value) => value / n),
        expected.grad.data,
      )
    })

    test('has the prompt after each of three Adam steps', async () => {
      const n = examples.length
      let state = startState(targetPrompt.values)
      const losses: number[] = []
      const prompts: number[] = []
      for (let step = 0; step <= 3; step++) {
        const { gradient, outputLoss, shiftLoss } = await engine.transfer(batchOf(state.prompt))
        losses.push(...toColumns(outputLoss / n, shiftLoss / n, alpha))
        if (step === 3) break
        state = updateState(state, {
          optimizer: 'adam',
          learningRate: golden.optimizer.lr,
          gradient: Float32Array.from(gradient, (value) => value / n),
        })
        prompts.push(...state.prompt)
      }
      expectNear(`${field}.adam.losses`, losses, expected.adam.losses.data)
      expectPromptsNear(prompts, expected.adam.prompt_after.data, toleranceOf(`${field}.adam.prompt_after`)[level])
    })
  })

  test('sums over the texts, whatever their order and company', async () => {
    const whole = await engine.transfer({
      prompt: targetPrompt.values,
      promptLength: targetPrompt.length,
      examples,
      constants,
      alpha: 0.3,
      temperature: TEMPERATURE,
    })
    const total = new Float64Array(whole.gradient.length)
    let outputLoss = 0
    for (const [row, example] of [...examples.entries()].toReversed()) {
      const at = (values: Float32Array) => values.slice(row * vocabulary, (row + 1) * vocabulary)
      const alone = await engine.transfer({
        prompt: targetPrompt.values,
        promptLength: targetPrompt.length,
        examples: [example],
        constants: {
          studentOutput: at(constants.studentOutput),
          studentShift: at(constants.studentShift),
          teacherPlain: at(constants.teacherPlain),
        },
        alpha: 0.3,
        temperature: TEMPERATURE,
      })
      outputLoss += alone.outputLoss
      for (const [index, value] of alone.gradient.entries()) total[index] = (total[index] ?? 0) + value
    }
    expect(outputLoss).toBeCloseTo(whole.outputLoss, 4)
    expectClose(total, whole.gradient, { rtol: 1e-4, atol: 1e-5 })
  })

  test('the same seed gives the same prompt, another seed another, and the public loss falls', async () => {
    const ground = { engine, examples, constants, vocabulary, alpha: 0.5 }
    const plan = { steps: 12, batchSize: 2, learningRate: 1e-2 }
    const run = (seed: number) => transferPrompt({ ...ground, plan, start: targetPrompt, random: seededRandom(seed) })
    const first = await run(1)
    expect(await run(1)).toEqual(first)
    expect((await run(2)).values).not.toEqual(first.values)
    expect(await publicLoss(ground, first, 4)).toBeLessThan(0.8 * (await publicLoss(ground, targetPrompt, 4)))
  })

  test('alpha is measured with the teacher bare and the student prompted, on public labels alone', async () => {
    const labelTokens = [[3], [5, 7]]
    const labelled = Array.from({ length: 120 }, (_, row) => ({
      example: { ids: Int32Array.of(1 + (row % 100), 2 + (row % 7), 11), read: [2], cut: false },
      classIndex: row % 2,
    }))
    const share = async (slot: 'student' | 'teacher', prompt: SoftPrompt | null) => {
      const scores = await engine.classify({
        slot,
        prompt: prompt?.values ?? null,
        promptLength: prompt?.length ?? 0,
        labelTokens,
        examples: labelled.map(({ example }) => example),
      })
      return (
        labelled.filter((_, row) => (scores[2 * row + 1] ?? 0) > (scores[2 * row] ?? 0) === (row % 2 === 1)).length /
        120
      )
    }
    const zeroShot = await share('teacher', null)
    const compressed = await share('student', sourcePrompt)
    const request = { engine, sourcePrompt, labelTokens }
    expect(await measureAlpha({ ...request, labelled })).toBe(alphaFrom({ zeroShot, compressed, classes: 2 }))
    expect(await measureAlpha({ ...request, labelled: labelled.slice(0, 10) })).toBe(DEFAULT_ALPHA)
  })

  test('the start is left as it was', async () => {
    const start = { ...targetPrompt, values: targetPrompt.values.slice() }
    const ground = { engine, examples, constants, vocabulary, alpha: 0.5 }
    const plan = { steps: 1, batchSize: 4, learningRate: 1e-2 }
    await transferPrompt({ ...ground, plan, start, random: seededRandom(1) })
    expect(start.values).toEqual(targetPrompt.values)
  })
})

function toPrompt({ shape, data }: Values): SoftPrompt {
  return { values: Float32Array.from(data), length: shape[0] ?? 0, width: shape[1] ?? 0 }
}

/** Columns of `adam.losses`: L1, L2, total. */
function toColumns(outputLoss: number, shiftLoss: number, alpha: number): number[] {
  return [outputLoss, shiftLoss, (1 - alpha) * outputLoss + alpha * shiftLoss]
}

type Tolerance = { readonly rtol: number; readonly atol: number }

function toleranceOf(field: string): { readonly cpu: Tolerance; readonly gpu: Tolerance } {
  const tolerance = precision[field]
  if (tolerance === undefined) throw new Error(`the vectors have no tolerance for ${field}`)
  return tolerance
}

/** An element whose gradient is nearly zero may flip its sign: one in a hundred, by 2 lr a step (README of the vectors). */
function expectPromptsNear(actual: readonly number[], expected: readonly number[], { rtol, atol }: Tolerance): void {
  expect(actual.length).toBe(expected.length)
  const errors = expected.map((value, index) => Math.abs((actual[index] ?? Number.NaN) - value))
  const outside = errors.filter((error, index) => !(error <= atol + rtol * Math.abs(expected[index] ?? 0)))
  expect(outside.length).toBeLessThanOrEqual(Math.ceil(expected.length / 100))
  for (const error of outside) expect(error).toBeLessThanOrEqual(3 * 2 * golden.optimizer.lr)
}
