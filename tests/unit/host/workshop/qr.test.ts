import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { qrCode } from '../../../../workers/host/workshop/qr.ts'

const picture = (text: string) =>
  qrCode(text)
    .map((row) => row.map((dark) => (dark ? '1' : '0')).join(''))
    .join('/')
const hash = (text: string) => createHash('sha256').update(text).digest('hex')

describe('a QR code', () => {
  // Modules as the Python package qrcode 8 draws them, at level M, byte mode and the mask that is chosen here.
  test.each([
    ['of the smallest size', 'hi', 21, '1ab2c3f55e42776557be555638ad25abc9511c06e3c1483ddcd1248994e55d60'],
    [
      'with a version of its own',
      'A1b2'.repeat(30),
      45,
      '48ffdaff04313d6d8d3f0d3c97e7f98d478cc5b29eacc620f2b46abfd2de0561',
    ],
    ['of the largest size', 'x'.repeat(213), 57, '2f3681482bb961411c883795fe312055f4b6d58e9b71f0abaf814fd0ef125522'],
  ])('%s is drawn as others draw it', (_, text, size, expected) => {
    expect(qrCode(text)).toHaveLength(size)
    expect(hash(picture(text))).toBe(expected)
  })

  test('refuses what does not fit', () => {
    expect(() => qrCode('x'.repeat(214))).toThrow(RangeError)
  })
})
