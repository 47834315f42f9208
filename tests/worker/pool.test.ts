/** A pool of threads computes what one thread computes. */
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readModelFolder } from '../../workers/host/modelFolder.ts'
import { openHostEngine } from '../../workers/host/openEngine.ts'
import type { Engine } from '../../workers/pool/types.ts'
import type { ModelFile } from '../../workers/protocol/tuner.ts'
import { mixedExamples } from '../gpu/support/examples.ts'

const ROWS = 6
const LABEL_TOKENS = [[500], [600, 601], [700]]

let files: readonly ModelFile[]
const engines: Engine[] = []

beforeAll(async () => {
  files = (await readModelFolder(fileURLToPath(new URL('../../models/demo-student', import.meta.url)))).files
  for (const workers of [1, 3]) {
    const engine = await openHostEngine({ backend: 'wasm', workers })
    await engine.load('student', files)
    engines.push(engine)
  }
})
afterAll(async () => {
  await Promise.all(engines.map((engine) => engine.close()))
})

async function both<T>(call: (engine: Engine, prompt: Float32Array<ArrayBuffer>) => Promise<T>): Promise<[T, T]> {
  const answers: T[] = []
  for (const engine of engines) {
    const prompt = await engine.embed(
      'student',
      Array.from({ length: ROWS }, (_, row) => 40 + row),
    )
    answers.push(await call(engine, prompt))
  }
  return answers as [T, T]
}

/** The weights of a download that broke off. */
function cut(name: string, bytes: ModelFile['bytes']): ModelFile['bytes'] {
  return name === 'model.safetensors' ? bytes.slice(0, 5_000) : bytes
}

describe('a pool of threads', () => {
  const examples = mixedExamples(40, 8_192)
  const labels = examples.map((_, place) => place % 3)

  const batch = (prompt: Float32Array<ArrayBuffer>) => ({
    slot: 'student' as const,
    prompt,
    promptLength: ROWS,
    labelTokens: LABEL_TOKENS,
    examples,
    labels,
  })

  it('says how many there are', () => {
    expect(engines.map(({ report }) => report.workers)).toEqual([1, 3])
  })

  it('gives the same integers to the last bit', async () => {
    const [one, three] = await both((engine, prompt) =>
      engine.tune({ ...batch(prompt), contribution: { kind: 'clipped', clipNorm: 0.05 } }),
    )
    expect(one.sum.some((value) => value !== 0)).toBe(true)
    expect(three.sum).toEqual(one.sum)
  })

  it('averages each unit in one place', async () => {
    const unitSizes = [3, 1, examples.length - 6, 2]
    const contribution = { kind: 'clipped', clipNorm: 0.05 } as const
    const [one, three] = await both((engine, prompt) => engine.tune({ ...batch(prompt), contribution, unitSizes }))
    const [rows] = await both((engine, prompt) => engine.tune({ ...batch(prompt), contribution }))
    expect(three.sum).toEqual(one.sum)
    expect(one.sum).not.toEqual(rows.sum)
  })

  it('gives every example its own class scores', async () => {
    const [one, three] = await both((engine, prompt) => engine.classify(batch(prompt)))
    expect(new Set(one).size).toBeGreaterThan(examples.length)
    expect(three).toEqual(one)
  })

  it('gives a sum of zeros for an empty sample', async () => {
    const [one, three] = await both((engine, prompt) =>
      engine.tune({ ...batch(prompt), examples: [], labels: [], contribution: { kind: 'clipped', clipNorm: 0.05 } }),
    )
    expect(one.sum.length).toBe(ROWS * 256 + 3)
    expect(three.sum).toEqual(one.sum)
  })

  it('passes errors on with their code', async () => {
    const [, pool] = engines
    await expect(pool?.logits({ slot: 'teacher', prompt: null, promptLength: 0, examples })).rejects.toMatchObject({
      code: 'model-missing-file',
    })
    const broken = files.map(({ name, bytes }) => ({ name, bytes: cut(name, bytes) }))
    await expect(pool?.load('teacher', broken)).rejects.toMatchObject({ code: 'safetensors' })
  })
})
