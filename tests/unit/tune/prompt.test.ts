import { expect, test } from 'vitest'
import { checkCertificate } from '../../../workers/privacy/certificate.ts'
import { readPeft } from '../../../workers/prompt/peft.ts'
import { makeRelease, startPrompt } from '../../../workers/tune/prompt.ts'
import { LinearEngine, linearRows, planOf, zeroState } from './support.ts'

const engine = new LinearEngine()
const encoder = { initIds: (length: number) => Array.from({ length }, (_, index) => index) }
const request = { engine, encoder, vocabulary: 50, promptLength: 4 }
const student = { id: 'student', sha256: 'ab'.repeat(32), layers: 2 }

test('a prompt starts from the tokens of the text', async () => {
  expect(await startPrompt({ ...request, start: { kind: 'text' } })).toEqual(
    await engine.embed('student', [0, 1, 2, 3]),
  )
})

const at = async (seed: number) => await startPrompt({ ...request, start: { kind: 'random', seed } })

test('a random start is rows of the vocabulary that its seed names', async () => {
  expect(await at(3)).toEqual(await at(3))
  expect(await at(3)).not.toEqual(await at(4))
  const ids = (await at(3)).filter((_, index) => index % 3 === 0)
  for (const id of ids) {
    expect(Number.isInteger(id)).toBe(true)
    expect(id).toBeLessThan(50)
  }
})

test('a release holds the prompt, to the bit, and a certificate that stands', async () => {
  const rows = linearRows(50)
  const prompt = zeroState().prompt.map((_, index) => index / 7)
  for (const budget of [{ epsilon: 3, delta: 1e-5 }, null]) {
    const plan = planOf(rows, { budget, steps: 20 })
    const release = await makeRelease({ plan, prompt, student, sawPrivate: false })
    const read = readPeft(release.adapterConfig, release.adapterModel)
    expect(read.values).toEqual(prompt)
    expect([read.length, read.width]).toEqual([2, 3])
    expect(release.shape).toEqual([2, 3])
    expect(release.certificate.student).toEqual({ id: 'student', sha256: 'ab'.repeat(32) })
    const { epsilon } = checkCertificate(release.certificate)
    if (budget === null) expect(epsilon).toBeNull()
    else expect(epsilon).toBeLessThanOrEqual(3)
    expect(release.certificate.selection).toBe(budget === null ? 'no differential privacy' : 'covered')
    expect(await makeRelease({ plan, prompt, student, sawPrivate: false })).toEqual(release)
  }
})
