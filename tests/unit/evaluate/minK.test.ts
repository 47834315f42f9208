import { tidy } from '@tensorflow/tfjs-core'
import { beforeAll, expect, test } from 'vitest'
import { judgeLeakage, minKScore } from '../../../workers/evaluate/minK.ts'
import { textLosses } from '../../../workers/evaluate/textLosses.ts'
import { readModelFolder } from '../../../workers/host/modelFolder.ts'
import { openLocalBackend } from '../../../workers/host/openLocal.ts'
import { createModel } from '../../../workers/model/load.ts'
import { modelTokenizer } from '../../../workers/model/modelTokenizer.ts'
import type { ReadSoFar } from '../../../workers/model/types.ts'
import { cryptoRandom } from '../../../workers/privacy/random.ts'
import { take } from '../../../workers/runtime/tensors.ts'

test('a score is the mean of the fifth of the tokens that were expected least', () => {
  expect(minKScore([1, 9, 2, 3, 7, 4, 5, 0, 6, 8])).toBe(-8.5)
  // Of few tokens at least one.
  expect(minKScore([2, 1])).toBe(-2)
})

test('scores that lie apart find every member, equal ones are a guess', () => {
  const apart = judgeLeakage({ members: [-1, -2, -3], others: [-4, -5, -6] }, cryptoRandom)
  expect([apart.auc.value, apart.tprAt1.value]).toEqual([1, 1])
  const crossed = judgeLeakage({ members: [-1, -4], others: [-2, -3] }, cryptoRandom)
  expect(crossed.auc.value).toBe(0.5)
  const turned = judgeLeakage({ members: [-4, -5], others: [-1, -2] }, cryptoRandom)
  expect([turned.auc.value, turned.tprAt1.value]).toEqual([0, 0])
})

const { files } = await readModelFolder(new URL('../../golden/stories260K/', import.meta.url).pathname)
beforeAll(async () => void (await openLocalBackend('wasm')))

test('losses are those of a model that reads token by token, whatever the company of a text', async () => {
  const tokenizer = modelTokenizer(files)
  const texts = ['Once upon a time there was a dog.', 'x9 q', 'Lily went to the park and she saw a big red ball.']
  const sequences = texts.map((text) => Int32Array.from(tokenizer.encode(text)))
  const losses = await textLosses(files, sequences)
  for (const [index, sequence] of sequences.entries()) {
    const expected = await lossesByToken([...sequence])
    expect(losses[index]).toHaveLength(sequence.length - 1)
    for (const [at, loss] of expected.entries()) expect(losses[index]?.[at]).toBeCloseTo(loss, 3)
  }
  // Plain English surprises this model less than letters that make no word.
  const [story = Number.NaN, noise = Number.NaN] = losses.map(minKScore)
  expect(story).toBeGreaterThan(noise)
})

async function lossesByToken(ids: readonly number[]): Promise<number[]> {
  const model = createModel(files)
  const losses: number[] = []
  let soFar: ReadSoFar | null = null
  for (const [place, id] of ids.slice(0, -1).entries()) {
    const read = model.readOn(soFar, { ids: [id] })
    soFar?.dispose()
    soFar = read.soFar
    const logits = await take(tidy(() => model.logits(read.hidden)))
    read.hidden.dispose()
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0)
    losses.push(Math.log(total) - (logits[ids[place + 1] ?? 0] ?? Number.NaN))
  }
  soFar?.dispose()
  model.dispose()
  return losses
}
