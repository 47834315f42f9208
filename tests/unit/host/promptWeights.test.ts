import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CERTIFICATE, readPromptWeights } from '../../../workers/host/promptFolder.ts'
import type { Certificate } from '../../../workers/protocol/certificate.ts'
import { makeRelease } from '../page/support.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'softpost-weights-'))
})
afterAll(() => rm(folder, { recursive: true }))

const put = (certificate: Certificate | string): Promise<void> =>
  writeFile(join(folder, CERTIFICATE), typeof certificate === 'string' ? certificate : JSON.stringify(certificate))

describe('the weights that a prompt was tuned on', () => {
  it('are the numbers of the files where no certificate stands beside it', async () => {
    expect(await readPromptWeights(folder)).toBe('f32')
  })

  it('are those of its certificate', async () => {
    const { certificate } = makeRelease()
    await put({ ...certificate, student: { ...certificate.student, weights: 'int8' } })
    expect(await readPromptWeights(folder)).toBe('int8')
    const { id, sha256 } = certificate.student
    await put({ ...certificate, student: { id, sha256 } })
    expect(await readPromptWeights(folder)).toBe('f32')
  })

  it('are unknown where the certificate is broken', async () => {
    await put('{"student": {"weights": "int4"}}')
    await expect(readPromptWeights(folder)).rejects.toMatchObject({ code: 'certificate' })
  })
})
