import { describe, expect, it } from 'vitest'
import { wayBack } from '../../../workers/model/prefixGradient.ts'

const pass = (size: number, length: number) => {
  const rows = new Int32Array(size)
  return { ids: new Int32Array(size * length), size, length, lengths: rows.fill(length), read: rows }
}
const prefix = (rows: number) => ({ rows, dispose: () => undefined })

describe('the way back of a sum over texts', () => {
  it('goes to the prompt where that takes no row more', () => {
    expect(wayBack([pass(1, 3)], prefix(100))).toBe('prompt')
  })

  it('goes to the prompt in every pass where its rows are few', () => {
    const passes = Array.from({ length: 4 }, () => pass(32, 16))
    expect(wayBack(passes, prefix(50))).toBe('prompt')
    expect(wayBack(passes, prefix(100))).toBe('prefix')
  })

  it('goes to the prompt once for many small passes', () => {
    expect(wayBack([pass(8, 16), pass(8, 16)], prefix(50))).toBe('prefix')
  })
})
