/**
 * Files of weights that somebody has tampered with: each is read or refused with `safetensors`, and nothing else
 * happens; one that hung would run into the suite's limit. `LONG=1` tries many more, and prints how many.
 */
import process from 'node:process'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { memorySource } from '../../../workers/model/byteSource.ts'
import { openSafetensors, writeSafetensors, type TensorView } from '../../../workers/model/safetensors.ts'
import { SoftpostError } from '../../../workers/protocol/errors.ts'
import { DEMO_STUDENT, readBytes, toBytes } from './support.ts'

const LONG = process.env['LONG'] === '1'
const RUNS = LONG ? 300_000 : 3_000

/** A small file of each kind of content, and the real header of the demo model over as many bytes as it wants. */
const SMALL = writeSafetensors(
  new Map<string, TensorView>([
    ['h.0.attn.weight', { dtype: 'F32', shape: [2, 3], bytes: new Uint8Array(24) }],
    ['h.0.attn.bias', { dtype: 'BF16', shape: [3], bytes: new Uint8Array(6) }],
    ['ids', { dtype: 'I64', shape: [1], bytes: new Uint8Array(8) }],
    ['nothing', { dtype: 'F16', shape: [0], bytes: new Uint8Array() }],
  ]),
  { format: 'pt' },
)
const REAL = readBytes(`${DEMO_STUDENT}/model.safetensors`)
const REAL_HEADER_BYTES = 8 + new DataView(REAL.buffer).getUint32(0, true)

type Change = { readonly at: number; readonly byte: number }

/** Mostly bytes that mean something in a header. */
const byte = fc.oneof(fc.nat(255), fc.constantFrom(...toBytes('{}[]":,0123456789-eE.\\ ')))
const changes = (within: number): fc.Arbitrary<Change[]> =>
  fc.array(fc.record({ at: fc.nat(within - 1), byte }), { minLength: 1, maxLength: 6 })
const cut = fc.option(fc.nat(SMALL.byteLength), { nil: SMALL.byteLength })
const insert = fc.option(fc.record({ at: fc.nat(SMALL.byteLength), bytes: fc.uint8Array({ maxLength: 12 }) }), {
  nil: null,
})

const counts = { files: 0, read: 0, refused: 0, slowestMs: 0 }

function tryFile(bytes: Uint8Array<ArrayBuffer>): void {
  const started = performance.now()
  counts.files++
  try {
    const { tensors } = openSafetensors(memorySource(bytes))
    let total = 0
    for (const view of tensors.values()) total += view.bytes.byteLength
    expect(total).toBeLessThanOrEqual(bytes.byteLength)
    counts.read++
  } catch (error) {
    if (!(error instanceof SoftpostError)) throw error
    expect(error.code).toBe('safetensors')
    expect(error.message).not.toContain('\n')
    counts.refused++
  }
  counts.slowestMs = Math.max(counts.slowestMs, performance.now() - started)
}

function changed(bytes: Uint8Array, list: readonly Change[]): Uint8Array<ArrayBuffer> {
  const copy = Uint8Array.from(bytes)
  for (const { at, byte } of list) copy[at] = byte
  return copy
}

test('small files with bytes changed, cut and put in', () => {
  fc.assert(
    fc.property(changes(SMALL.byteLength), cut, insert, (list, length, extra) => {
      const bytes = changed(SMALL, list).subarray(0, length)
      if (extra === null) return tryFile(Uint8Array.from(bytes))
      const at = Math.min(extra.at, bytes.byteLength)
      tryFile(Uint8Array.from([...bytes.subarray(0, at), ...extra.bytes, ...bytes.subarray(at)]))
    }),
    { numRuns: RUNS },
  )
})

test("the demo model's file with bytes of its header changed", () => {
  const copy = Uint8Array.from(REAL)
  fc.assert(
    fc.property(changes(REAL_HEADER_BYTES), (list) => {
      for (const { at, byte } of list) copy[at] = byte
      tryFile(copy)
      copy.set(REAL.subarray(0, REAL_HEADER_BYTES))
    }),
    { numRuns: RUNS / 10 },
  )
})

test('any bytes behind any length', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.uint8Array({ maxLength: 64 }), (length, rest) => {
      const bytes = new Uint8Array(8 + rest.byteLength)
      new DataView(bytes.buffer).setBigUint64(0, length, true)
      bytes.set(rest, 8)
      tryFile(bytes)
    }),
    { numRuns: RUNS },
  )
})

test('some were read, and most refused', () => {
  expect(counts.read).toBeGreaterThan(0)
  expect(counts.refused).toBeGreaterThan(counts.read)
  if (LONG) process.stdout.write(`safetensors fuzz: ${JSON.stringify(counts)}\n`)
})
