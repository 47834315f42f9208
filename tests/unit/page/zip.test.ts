import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 as zlibCrc32 } from 'node:zlib'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc32, writeZip, type ZipFile } from '../../../src/engine/zip.ts'

/** A reader of its own, by the format's description: end record, directory, local headers. */
function readZip(bytes: Uint8Array): ZipFile[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = bytes.length - 22
  expect(view.getUint32(end, true)).toBe(0x06054b50)
  const count = view.getUint16(end + 10, true)
  let at = view.getUint32(end + 16, true)
  const files: ZipFile[] = []
  for (let i = 0; i < count; i++) {
    expect(view.getUint32(at, true)).toBe(0x02014b50)
    const [crc, packed, size] = [
      view.getUint32(at + 16, true),
      view.getUint32(at + 20, true),
      view.getUint32(at + 24, true),
    ]
    const nameLength = view.getUint16(at + 28, true)
    const local = view.getUint32(at + 42, true)
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength))
    expect(view.getUint32(local, true)).toBe(0x04034b50)
    expect(view.getUint16(local + 26, true)).toBe(nameLength)
    expect(packed).toBe(size)
    const start = local + 30 + nameLength
    const content = new Uint8Array(bytes.subarray(start, start + size))
    expect(crc).toBe(zlibCrc32(content))
    files.push({ name, bytes: content })
    at += 46 + nameLength
  }
  expect(at).toBe(end)
  return files
}

const file = fc.record({
  name: fc.string({ minLength: 1, maxLength: 30, unit: 'grapheme' }),
  bytes: fc.uint8Array({ maxLength: 300 }).map((bytes) => new Uint8Array(bytes)),
})

describe('zip', () => {
  it('is read back as the same files', () => {
    fc.assert(
      fc.property(fc.uniqueArray(file, { selector: ({ name }) => name, maxLength: 5 }), (files) => {
        expect(readZip(writeZip(files))).toEqual(files)
      }),
    )
  })

  it('gives the checksums that zlib gives', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1_000 }), (bytes) => {
        expect(crc32(bytes)).toBe(zlibCrc32(bytes))
      }),
    )
  })

  it('gives equal archives for equal files, and refuses two of one name', () => {
    const one = { name: 'a.json', bytes: new Uint8Array([1, 2]) }
    expect(writeZip([one])).toEqual(writeZip([{ ...one }]))
    expect(() => writeZip([one, one])).toThrow('two of one name')
  })

  it.skipIf(!hasPython())("passes another program's check", () => {
    const folder = mkdtempSync(join(tmpdir(), 'softpost-zip-'))
    try {
      const path = join(folder, 'prompt.zip')
      writeFileSync(
        path,
        writeZip([
          { name: 'prompt/adapter_config.json', bytes: new TextEncoder().encode('{}\n') },
          { name: 'prompt/ε.bin', bytes: new Uint8Array(5_000).fill(7) },
        ]),
      )
      const script = 'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); print(z.testzip(), *z.namelist())'
      const printed = execFileSync('python3', ['-c', script, path], {
        encoding: 'utf8',
        env: { PYTHONUTF8: '1', PATH: process.env['PATH'] ?? '' },
      })
      expect(printed.trim()).toBe('None prompt/adapter_config.json prompt/ε.bin')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

function hasPython(): boolean {
  try {
    execFileSync('python3', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
