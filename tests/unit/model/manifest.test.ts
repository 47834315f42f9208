import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import {
  modelSha256,
  parseManifest,
  readShardNames,
  toModelInfo,
  verifyFiles,
} from '../../../workers/model/manifest.ts'
import { ModelInfo } from '../../../workers/protocol/wire.ts'
import { DEMO_STUDENT, errorOf, readBytes, rejectionOf, toBytes } from './support.ts'

const manifest = parseManifest(readBytes(`${DEMO_STUDENT}/manifest.json`))
const files = manifest.files.map(({ name }) => ({ name, bytes: readBytes(`${DEMO_STUDENT}/${name}`) }))
const changed = (change: object) => toBytes(JSON.stringify({ ...manifest, ...change }))

describe("the demo student's manifest", () => {
  test('says what the model is', () => {
    expect(manifest).toMatchObject({ role: 'student', teacher: 'demo-teacher', layers: 2, width: 256 })
    expect(manifest.description).toContain('distilled from it on public text')
    expect(manifest.provenance).toMatch(/distilled by softpost distill: .* \d+ steps, \d+ tokens/)
  })

  test('passes on to the wire without what only the folder says', () => {
    expect(ModelInfo.parse(toModelInfo(manifest))).toEqual(toModelInfo(manifest))
    errorOf('model-unknown', () => parseManifest(changed({ extra: 1 })))
  })

  test('is true of its files', async () => {
    await verifyFiles(manifest, files)
  })
})

test('the identity of a model is the hash over the sorted hashes of its files', async () => {
  const hashes = manifest.files.map(({ sha256 }) => sha256)
  const expected = createHash('sha256').update(hashes.toSorted().join('')).digest('hex')
  expect(await modelSha256(manifest.files)).toBe(expected)
  expect(await modelSha256(manifest.files.toReversed())).toBe(expected)
})

describe('files that are not those of the manifest', () => {
  test('missing', async () => {
    const error = await rejectionOf('model-missing-file', verifyFiles(manifest, files.slice(1)))
    expect(error.data.missing).toEqual(['config.json'])
  })

  test('changed in one byte', async () => {
    const [config, ...rest] = files
    const bytes = config?.bytes.slice() ?? new Uint8Array()
    bytes[0] = 0x20
    await rejectionOf('model-unknown', verifyFiles(manifest, [{ name: 'config.json', bytes }, ...rest]))
  })

  test('one too many', async () => {
    const more = { name: 'extra.safetensors', bytes: toBytes('x') }
    await rejectionOf('model-unknown', verifyFiles(manifest, [...files, more]))
  })

  test('a manifest that claims to be another model', async () => {
    await rejectionOf('model-unknown', verifyFiles({ ...manifest, sha256: '0'.repeat(64) }, files))
  })
})

test.each([
  ['a path for a name', { files: [{ name: '../secret', sizeBytes: 1, sha256: '0'.repeat(64) }] }],
  ['no files', { files: [] }],
  ['one name twice', { files: [manifest.files[0], manifest.files[0]] }],
  ['a teacher with a teacher', { role: 'teacher' }],
  ['a hash that is none', { sha256: 'abc' }],
  ['no layers', { layers: 0 }],
])('a manifest with %s is refused', (_, change) => {
  errorOf('model-unknown', () => parseManifest(changed(change)))
})

test('a shard index gives its files once each, and no paths', () => {
  const index = { metadata: {}, weight_map: { a: 'm-2.safetensors', b: 'm-1.safetensors', c: 'm-2.safetensors' } }
  expect(readShardNames(toBytes(JSON.stringify(index)))).toEqual(['m-1.safetensors', 'm-2.safetensors'])
  errorOf('safetensors', () => readShardNames(toBytes('{"weight_map":{"a":"../x"}}')))
  errorOf('safetensors', () => readShardNames(toBytes('no')))
})
