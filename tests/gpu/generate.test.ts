/** Writing with kept keys and values: a real checkpoint's golden texts, and the same numbers as reading all at once. */
import { readFile } from 'node:fs/promises'
import { tidy } from '@tensorflow/tfjs-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { greedyTokens } from '../../workers/generate/greedy.ts'
import { readModelFolder } from '../../workers/host/modelFolder.ts'
import { modelTokenizer } from '../../workers/model/modelTokenizer.ts'
import { createModel } from '../../workers/model/load.ts'
import type { LanguageModel, ReadSoFar } from '../../workers/model/types.ts'
import { SoftpostError } from '../../workers/protocol/errors.ts'
import { take } from '../../workers/runtime/tensors.ts'
import { TARGETS, openTarget } from './support/backends.ts'
import { expectClose, readModel } from './support/vectors.ts'

type Golden = {
  readonly prompt: string
  readonly prompt_ids: readonly number[]
  readonly first_logits_0_8: readonly number[]
  readonly greedy_ids: readonly number[]
  readonly text: string
}

const FOLDER = new URL('../golden/stories260K/', import.meta.url)
const GOLDEN = JSON.parse(await readFile(new URL('golden.json', FOLDER), 'utf8')) as readonly Golden[]
const stories = await readModelFolder(FOLDER.pathname)
const tokenizer = modelTokenizer(stories.files)
const NEAR = { rtol: 1e-4, atol: 1e-4 }

describe.each(TARGETS.filter(({ backend }) => backend !== 'cpu'))('on $label', (target) => {
  beforeAll(async () => {
    await openTarget(target)
  })

  describe('stories260K', () => {
    let model: LanguageModel
    beforeAll(() => {
      model = createModel(stories.files)
    })
    afterAll(() => model.dispose())

    it.each(GOLDEN)('goes on with "$prompt" as the golden text does', async (golden) => {
      const promptIds = [...tokenizer.frame.before, ...tokenizer.encode(golden.prompt)]
      expect(promptIds).toEqual(golden.prompt_ids)

      const { soFar, hidden } = model.readOn(null, { ids: promptIds })
      const logits = await take(tidy(() => model.logits(hidden)))
      expectClose(logits.subarray(0, 8), golden.first_logits_0_8, { rtol: 1e-4, atol: 1e-4 })
      soFar.dispose()
      hidden.dispose()

      const written: number[] = []
      const maxTokens = golden.greedy_ids.length
      for await (const { id } of greedyTokens({ model, before: null, ids: promptIds, maxTokens, ends: new Set() })) {
        written.push(id)
      }
      expect(written).toEqual(golden.greedy_ids)
      expect(tokenizer.decode([...promptIds.slice(1), ...written])).toBe(golden.text)
    })

    // No kernel has a say in it.
    it.runIf(target.backend === 'wasm')('ends where the text ends, and at the end of the context', async () => {
      const [golden] = GOLDEN
      const [first = 0, second = 0] = golden?.greedy_ids ?? []
      const ids = golden?.prompt_ids ?? []
      const write = async (request: { maxTokens: number; ends: Set<number>; ids: readonly number[] }) => {
        const written: number[] = []
        for await (const { id, isEnd } of greedyTokens({ model, before: null, ...request })) {
          if (!isEnd) written.push(id)
        }
        return written
      }
      expect(await write({ ids, maxTokens: 9, ends: new Set([second]) })).toEqual([first])
      const long = Array.from({ length: model.shape.contextLength - 1 }, () => 5)
      expect(await write({ ids: long, maxTokens: 9, ends: new Set() })).toHaveLength(2)
      const error = await write({ ids: [...long, 5, 5], maxTokens: 9, ends: new Set() }).catch(
        (error: unknown) => error,
      )
      expect(error instanceof SoftpostError && error.code).toBe('text-too-long')
    })
  })

  it.each(['gpt2', 'llama', 'qwen2'])('%s reads in parts behind a prompt as it reads all at once', async (name) => {
    const model = createModel(await readModel(name))
    const { width } = model.shape
    const prompt = Float32Array.from({ length: 3 * width }, (_, at) => Math.sin(at) / 5)
    const ids = [3, 1, 4, 1, 5, 9, 2]
    const prefix = model.prefix(prompt, 3)
    const batch = {
      ids: Int32Array.from(ids),
      size: 1,
      length: ids.length,
      lengths: Int32Array.of(ids.length),
      read: Int32Array.of(ids.length - 1),
    }
    const whole = await take(tidy(() => model.read(batch, prefix).hidden))
    prefix.dispose()

    const shared = model.readOn(null, { prompt })
    shared.hidden.dispose()
    // Twice: what is shared stays as it was.
    for (const cut of [2, 6]) {
      const parts = [ids.slice(0, cut), ids.slice(cut)]
      expectClose(await readParts(model, shared.soFar, parts), whole, NEAR)
    }
    shared.soFar.dispose()
    model.dispose()
  })

  it('a masked model does not write', async () => {
    const model = createModel(await readModel('bert'))
    expect(() => model.readOn(null, { ids: [1] })).toThrow(/a masked model \(bert\) does not write text/)
    model.dispose()
  })
})

async function readParts(
  model: LanguageModel,
  before: ReadSoFar,
  parts: readonly (readonly number[])[],
): Promise<Float32Array> {
  let last: Float32Array = new Float32Array()
  let soFar = before
  for (const ids of parts) {
    const read = model.readOn(soFar, { ids })
    if (soFar !== before) soFar.dispose()
    soFar = read.soFar
    last = await take(read.hidden)
  }
  soFar.dispose()
  return last
}
