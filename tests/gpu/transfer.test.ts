/** The transfer's two passes against the numbers of Hugging Face models (tests/golden/parity), on each backend. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compareField } from '../../workers/evaluate/parity/compare.ts'
import { encodedTexts } from '../../workers/evaluate/parity/texts.ts'
import { transferFields } from '../../workers/evaluate/parity/transferFields.ts'
import { parseVectors } from '../../workers/evaluate/parity/vectors.ts'
import { openHostEngine } from '../../workers/host/openEngine.ts'
import { LocalEngine } from '../../workers/pool/localEngine.ts'
import type { Engine, TransferConstants } from '../../workers/pool/types.ts'
import type { SoftPrompt } from '../../workers/prompt/softPrompt.ts'
import { alphaFrom, DEFAULT_ALPHA, measureAlpha, measureAnswerAlpha } from '../../workers/transfer/alpha.ts'
import { computeConstants, TEMPERATURE } from '../../workers/transfer/constants.ts'
import { answeredWith } from '../../workers/task/encoder.ts'
import { seededRandom } from '../../workers/task/seededRandom.ts'
import { supportOf } from '../../workers/transfer/support.ts'
import { publicLoss, transferPrompt } from '../../workers/transfer/transfer.ts'
import { BACKENDS, LEVEL, openTestBackend as openBackend } from './support/backends.ts'
import { expectClose, readModel, readVectors, type Values } from './support/vectors.ts'

const given = parseVectors(await readVectors('post-gpt2/vectors.json'))
if (given.of !== 'pair') throw new Error('vectors of a pair expected')
const { transfer: golden, precision } = given.vectors

const examples = encodedTexts(golden)
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

  test('has every field of the vectors', async () => {
    for (const field of await transferFields(engine, golden)) {
      expect([field.name, compareField(field, precision, level)]).toMatchObject([field.name, { pass: true }])
    }
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

  test('on a support the losses are over its tokens alone, and so is the gradient', async () => {
    const supported = await computeConstants({
      engine,
      sourcePrompt,
      examples,
      vocabulary,
      supportOf: (logits) => supportOf({ top: 5 }, { logits, vocabulary, labelTokens: [] }),
    })
    const sumAt = (values: Float32Array<ArrayBuffer>, alpha: number) =>
      engine.transfer({
        prompt: values,
        promptLength: targetPrompt.length,
        examples,
        constants: supported,
        cut: true,
        alpha,
        temperature: TEMPERATURE,
      })
    const prompt = { prompt: targetPrompt.values, promptLength: targetPrompt.length }
    const logits = await engine.logits({ slot: 'teacher', ...prompt, examples })
    let expected = 0
    for (let row = 0; row < examples.length; row++) {
      const places = Array.from({ length: vocabulary }, (_, token) => row * vocabulary + token)
      const inside = places.filter((at) => (supported.studentOutput[at] ?? 0) > 0)
      expect(inside).toHaveLength(5)
      const weights = inside.map((at) => Math.exp((logits[at] ?? 0) / TEMPERATURE))
      const total = weights.reduce((sum, weight) => sum + weight, 0)
      for (const [place, at] of inside.entries()) {
        const source = supported.studentOutput[at] ?? 0
        expected += TEMPERATURE ** 2 * source * Math.log(source / ((weights[place] ?? 0) / total))
      }
    }
    const { gradient, outputLoss } = await sumAt(targetPrompt.values, 0)
    expectClose([outputLoss], [expected], { rtol: 1e-4, atol: 1e-5 })
    const size = Math.hypot(...gradient)
    const moved = async (step: number) => {
      const values = targetPrompt.values.map((value, at) => value + (step * (gradient[at] ?? 0)) / size)
      return (await sumAt(values, 0)).outputLoss
    }
    expectClose([((await moved(1e-2)) - (await moved(-1e-2))) / 2e-2], [size], { rtol: 2e-2, atol: 1e-3 })
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

  test('alpha of a task of texts is measured by the answers that would be written exactly', async () => {
    const texts = Array.from({ length: 120 }, (_, row) => ({
      ids: Int32Array.of(1 + (row % 9), 11),
      read: [1],
      cut: false,
    }))
    const bare = { prompt: null, promptLength: 0, ends: [], maxTokens: 2 }
    const given = await engine.write({ slot: 'teacher', ...bare, examples: texts })
    // The teacher writes all of them itself, so its prompt's shift is all that counts.
    const answered = texts.map((text, row) => answeredWith(text, given[row]?.ids ?? []))
    const request = { engine, sourcePrompt }
    expect(await measureAnswerAlpha({ ...request, answered })).toBe(1)
    expect(await measureAnswerAlpha({ ...request, answered: answered.slice(0, 10) })).toBe(DEFAULT_ALPHA)
  })

  test('of a text with several read positions counts their mean', async () => {
    const places = [1, 3, 4]
    const whole = examples.flatMap(({ ids }) => (ids.length > 4 ? [{ ids, read: places, cut: false }] : []))
    const each = whole.flatMap((example) => places.map((place) => ({ ids: example.ids, read: [place], cut: false })))
    const [atOnce, alone] = await Promise.all(
      [whole, each].map(async (examples) => {
        const constants = await computeConstants({ engine, sourcePrompt, examples, vocabulary })
        const prompt = { prompt: targetPrompt.values, promptLength: targetPrompt.length }
        const sum = await engine.transfer({ ...prompt, examples, constants, alpha: 0.3, temperature: TEMPERATURE })
        return { constants, sum }
      }),
    )
    if (!atOnce || !alone) throw new Error('two sums expected')
    expect(whole.length).toBeGreaterThan(1)
    expectClose(atOnce.constants.studentShift, alone.constants.studentShift, { rtol: 1e-4, atol: 1e-7 })
    expectClose(atOnce.constants.teacherPlain, alone.constants.teacherPlain, { rtol: 1e-4, atol: 1e-4 })
    const thirdOf = (values: Iterable<number>) => Array.from(values, (value) => value / places.length)
    expectClose(atOnce.sum.gradient, thirdOf(alone.sum.gradient), { rtol: 1e-3, atol: 1e-5 })
    expectClose([atOnce.sum.outputLoss, atOnce.sum.shiftLoss], thirdOf([alone.sum.outputLoss, alone.sum.shiftLoss]), {
      rtol: 1e-4,
      atol: 1e-5,
    })
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
