/** Files that are read part by part, against the same files in memory. */
import { createHash } from 'node:crypto'
import { copyFile, mkdtemp, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openModelFolder, readModelFolder } from '../../../workers/host/modelFolder.ts'
import { storedFile } from '../../../workers/host/storedFiles.ts'
import { memorySource, sourceOf } from '../../../workers/model/byteSource.ts'
import { openSafetensors, readSafetensors, toFloat32 } from '../../../workers/model/safetensors.ts'
import { hashSource, Sha256 } from '../../../workers/model/sha256.ts'
import { withHashes } from '../../../workers/model/stored.ts'
import { DEMO_STUDENT, errorOf, readBytes, rejectionOf } from './support.ts'

let folder = ''
let path = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'softpost-'))
  path = join(folder, 'model.safetensors')
  await copyFile(join(DEMO_STUDENT, 'model.safetensors'), path)
})
afterAll(() => rm(folder, { recursive: true }))

describe('SHA-256 in parts', () => {
  test('is that of all of it, however it is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }), (parts) => {
        const ours = new Sha256()
        const theirs = createHash('sha256')
        for (const part of parts) {
          ours.update(part)
          theirs.update(part)
        }
        expect(ours.hex()).toBe(theirs.digest('hex'))
      }),
    )
  })

  test('of a file on disk is that of its bytes', async () => {
    const bytes = readBytes(path)
    const expected = createHash('sha256').update(bytes).digest('hex')
    const file = await storedFile('model.safetensors', path)
    expect(file.sha256).toBe(expected)
    expect(hashSource(sourceOf(file))).toBe(expected)
    expect(hashSource(memorySource(bytes))).toBe(expected)
  })
})

describe('a stored file', () => {
  test('has the tensors that it has in memory', async () => {
    const whole = readSafetensors(readBytes(path)).tensors
    const stored = openSafetensors(sourceOf(await storedFile('model.safetensors', path))).tensors
    expect([...stored.keys()]).toEqual([...whole.keys()])
    for (const [name, view] of stored) {
      // Not by a matcher: it takes seconds for this many numbers.
      expect(Buffer.compare(view.bytes, whole.get(name)?.bytes ?? new Uint8Array())).toBe(0)
      // What a caller does to its copy reaches nobody else.
      const values = toFloat32(view)
      const before = values[0]
      values.fill(Number.NaN)
      expect(toFloat32(view)[0]).toBe(before)
    }
  })

  test('makes the same model as its bytes, by the same manifest', async () => {
    const [opened, read] = [await openModelFolder(DEMO_STUDENT), await readModelFolder(DEMO_STUDENT)]
    expect(opened.manifest).toEqual(read.manifest)
    expect(opened.files.map((file) => 'stored' in file)).toEqual(
      read.files.map(({ name }) => name === 'model.safetensors'),
    )
  })

  test('with another hash than it should have is refused by name', async () => {
    const file = await storedFile('model.safetensors', path)
    expect(await withHashes([{ ...file, sha256: null }])).toEqual([file])
    const error = await rejectionOf('model-unknown', withHashes([{ ...file, sha256: '0'.repeat(64) }]))
    expect(error.message).toContain('model.safetensors is damaged')
  })

  test('that becomes shorter while it is read is missing, not wrong', async () => {
    const copy = join(folder, 'shrinking.safetensors')
    await copyFile(path, copy)
    const { tensors } = openSafetensors(sourceOf(await storedFile('shrinking.safetensors', copy)))
    const last = [...tensors.values()].at(-1)
    await truncate(copy, 1_000)
    expect(errorOf('model-missing-file', () => last?.bytes).data.missing).toEqual(['shrinking.safetensors'])
    await rm(copy)
    errorOf('model-missing-file', () => last?.bytes)
  })
})
