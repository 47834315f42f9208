import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  fromFloat32,
  readSafetensors,
  toFloat32,
  writeSafetensors,
  type TensorView,
} from '../../../workers/model/safetensors.ts'
import { SoftpostError } from '../../../workers/protocol/errors.ts'
import { DEMO_STUDENT, DEMO_TEACHER, errorOf, readBytes, toBytes } from './support.ts'

/** A file with any header over any data. */
function file(header: unknown, dataBytes: number): Uint8Array<ArrayBuffer> {
  const text = toBytes(typeof header === 'string' ? header : JSON.stringify(header))
  const bytes = new Uint8Array(8 + text.byteLength + dataBytes)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.byteLength), true)
  bytes.set(text, 8)
  return bytes
}

const floats = (shape: readonly number[], begin: number, end: number) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
})

const halves = (...bits: number[]) => new Uint8Array(Uint16Array.from(bits).buffer)

const embeddingsOf = (tensors: ReadonlyMap<string, TensorView>) =>
  tensors.get('transformer.wte.weight')?.bytes ?? new Uint8Array()

const tensor = fc
  .record({
    dtype: fc.constantFrom('F32', 'F16', 'BF16', 'U8', 'I64'),
    shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }),
    seed: fc.integer(),
  })
  .map(({ dtype, shape, seed }): TensorView => {
    const size = { F32: 4, F16: 2, BF16: 2, U8: 1, I64: 8 }[dtype]
    const length = shape.reduce((product, side) => product * side, size)
    return { dtype, shape, bytes: Uint8Array.from({ length }, (_, index) => (seed + index * 31) & 255) }
  })

describe('a file that is right', () => {
  test('comes back as it was written', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), tensor), fc.dictionary(fc.string(), fc.string()), (tensors, metadata) => {
        fc.pre(!Object.hasOwn(tensors, '__metadata__'))
        const read = readSafetensors(writeSafetensors(new Map(Object.entries(tensors)), metadata))
        expect(Object.fromEntries(read.tensors)).toEqual({ ...tensors })
        expect(read.metadata).toEqual({ ...metadata })
      }),
    )
  })

  test('starts its data at a multiple of 8 bytes', () => {
    const bytes = writeSafetensors(new Map([['a', { dtype: 'F32', shape: [1], bytes: new Uint8Array(4) }]]))
    expect(new DataView(bytes.buffer).getUint32(0, true) % 8).toBe(0)
  })

  test('holds the demo teacher, and its student with the same embeddings and fewer layers', () => {
    const { tensors } = readSafetensors(readBytes(`${DEMO_TEACHER}/model.safetensors`))
    expect(tensors.get('transformer.wte.weight')).toMatchObject({ dtype: 'F16', shape: [8192, 256] })
    const student = readSafetensors(readBytes(`${DEMO_STUDENT}/model.safetensors`)).tensors
    expect(embeddingsOf(student).byteLength).toBe(8192 * 256 * 2)
    // Not toEqual, which takes seconds for millions of bytes.
    expect(Buffer.compare(embeddingsOf(student), embeddingsOf(tensors))).toBe(0)
    expect(student.get('transformer.h.1.mlp.c_fc.weight')).toMatchObject({ dtype: 'F16', shape: [256, 1024] })
    expect(student.has('transformer.h.2.mlp.c_fc.weight')).toBe(false)
  })
})

describe('a file that is wrong is refused', () => {
  test.each<[what: string, header: unknown, dataBytes: number, says: RegExp]>([
    ['no JSON', '{"a":', 0, /not JSON/],
    ['no object', '[]', 0, /not a JSON object/],
    ['header with a byte order mark', '\ufeff{}', 0, /not JSON/],
    ['space before the header', ' {}', 0, /not a JSON object/],
    ['metadata of numbers', { __metadata__: { a: 1 } }, 0, /not an object of texts/],
    ['unknown type', { a: { dtype: 'F31', shape: [1], data_offsets: [0, 4] } }, 4, /unknown type "F31"/],
    ['type from the prototype', { a: { dtype: 'toString', shape: [], data_offsets: [0, 4] } }, 4, /unknown type/],
    ['unknown field', { a: { ...floats([1], 0, 4), extra: 1 } }, 4, /is not \{dtype/],
    ['negative size', { a: floats([-1], 0, 4) }, 4, /no valid shape/],
    ['fraction of a size', { a: floats([1.5], 0, 6) }, 6, /no valid shape/],
    ['sizes that overflow', { a: floats([2 ** 40, 2 ** 40, 0], 0, 0) }, 0, /too large/],
    ['offsets backwards', { a: floats([1], 4, 0) }, 4, /no valid offsets/],
    ['three offsets', { a: { dtype: 'F32', shape: [1], data_offsets: [0, 4, 4] } }, 4, /no valid offsets/],
    ['offsets that do not fit the shape', { a: floats([2], 0, 4) }, 4, /takes 4 bytes, its shape and type 8/],
    ['data cut short', { a: floats([2], 0, 8) }, 7, /cut short/],
    ['bytes left over', { a: floats([1], 0, 4) }, 5, /1 bytes belong to no tensor/],
    ['overlap', { a: floats([2], 0, 8), b: floats([1], 4, 8) }, 8, /overlaps/],
    ['hole', { a: floats([1], 0, 4), b: floats([1], 8, 12) }, 12, /hole/],
    [
      'one name twice',
      '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"I32","shape":[1],"data_offsets":[0,4]}}',
      4,
      /names a tensor twice/,
    ],
  ])('%s', (_, header, dataBytes, says) => {
    expect(errorOf('safetensors', () => readSafetensors(file(header, dataBytes))).message).toMatch(says)
  })

  test('header longer than the file, or than any header', () => {
    const bytes = file({}, 0)
    const view = new DataView(bytes.buffer)
    view.setBigUint64(0, 50n, true)
    expect(errorOf('safetensors', () => readSafetensors(bytes)).message).toMatch(/cut short/)
    view.setBigUint64(0, 2n ** 64n - 1n, true)
    expect(errorOf('safetensors', () => readSafetensors(bytes)).message).toMatch(/header of 18446744073709551615/)
    errorOf('safetensors', () => readSafetensors(new Uint8Array(7)))
  })

  test('at every length that it may be cut to', () => {
    const view: TensorView = { dtype: 'F32', shape: [2], bytes: new Uint8Array(8) }
    const whole = writeSafetensors(new Map([['a', view]]), { format: 'pt' })
    for (let length = 0; length < whole.length; length++) {
      errorOf('safetensors', () => readSafetensors(whole.slice(0, length)))
    }
  })

  test('whatever bytes are changed: it reads or says what is wrong, and reads nothing beyond its end', () => {
    const views = new Map<string, TensorView>([
      ['a', { dtype: 'F32', shape: [2, 2], bytes: new Uint8Array(16) }],
      ['b', { dtype: 'F16', shape: [3], bytes: new Uint8Array(6) }],
    ])
    const whole = writeSafetensors(views, { format: 'pt' })
    const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255))
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        const bytes = whole.slice()
        for (const [at, byte] of changes) bytes[at] = byte
        try {
          for (const { bytes: data } of readSafetensors(bytes).tensors.values()) {
            expect(data.byteOffset + data.byteLength).toBeLessThanOrEqual(bytes.byteLength)
          }
        } catch (error) {
          expect(error).toBeInstanceOf(SoftpostError)
        }
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('toFloat32', () => {
  test('reads halves exactly', () => {
    // Values of IEEE 754 binary16: one, minus two, the largest, the least normal and subnormal, a third, the specials.
    const bits = [0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001, 0x3555, 0x7c00, 0xfc00, 0x7e00]
    const values = [1, -2, 65_504, 2 ** -14, 2 ** -24, 0.333251953125, Infinity, -Infinity, NaN]
    expect([...toFloat32({ dtype: 'F16', shape: [9], bytes: halves(...bits) })]).toEqual(values)
    expect(Object.is(toFloat32({ dtype: 'F16', shape: [1], bytes: halves(0x8000) })[0], -0)).toBe(true)
  })

  test('writes every half as the bits that it was read from', () => {
    const bits = [...Array(0x10000).keys()].filter((half) => (half & 0x7c00) !== 0x7c00 || (half & 0x3ff) === 0)
    const tensor = { dtype: 'F16', shape: [bits.length], bytes: halves(...bits) } as const
    expect(fromFloat32(toFloat32(tensor), tensor.shape, 'F16')).toEqual(tensor)
  })

  test('rounds to the nearest half, in the middle to the even one', () => {
    // One unit is 2⁻¹⁰ from 1 on, and 2⁻²⁴ near 0.
    const cases: readonly (readonly [value: number, half: number])[] = [
      [1 + 2 ** -11, 0x3c00],
      [1 + 3 * 2 ** -11, 0x3c02],
      [1 + 2 ** -11 + 2 ** -20, 0x3c01],
      [2 - 2 ** -12, 0x4000],
      [2 ** -25, 0],
      [3 * 2 ** -25, 2],
      [2 ** -14 - 2 ** -26, 0x400],
      [-65_519, 0xfbff],
      [65_520, 0x7c00],
      [-1e9, 0xfc00],
    ]
    const values = Float32Array.from(cases, ([value]) => value)
    expect([...fromFloat32(values, [cases.length], 'F16').bytes]).toEqual([...halves(...cases.map(([, half]) => half))])
    expect(toFloat32(fromFloat32(Float32Array.of(Number.NaN), [1], 'F16'))[0]).toBeNaN()
  })

  test('gives positive finite halves in the order of their bits', () => {
    const all = toFloat32({ dtype: 'F16', shape: [0x7c00], bytes: halves(...Array(0x7c00).keys()) })
    expect(all.every((value, index) => index === 0 || value > (all[index - 1] ?? 0))).toBe(true)
  })

  test('reads bfloat16 as the upper half of a float32', () => {
    expect([...toFloat32({ dtype: 'BF16', shape: [3], bytes: halves(0x3f80, 0xc040, 0x7f80) })]).toEqual([
      1,
      -3,
      Infinity,
    ])
  })

  test('takes float32 at any offset and copies it', () => {
    const memory = new Uint8Array(9)
    memory.set(new Uint8Array(Float32Array.of(1.5, -2).buffer), 1)
    const values = toFloat32({ dtype: 'F32', shape: [2], bytes: memory.subarray(1) })
    memory.fill(0)
    expect([...values]).toEqual([1.5, -2])
  })

  test('refuses what is no weight', () => {
    errorOf('safetensors', () => toFloat32({ dtype: 'I64', shape: [1], bytes: new Uint8Array(8) }))
  })
})
