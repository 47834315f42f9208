import { expect, test } from 'vitest'
import { remembering } from '../../../workers/browser/remembering.ts'

test('a value is worked out once, by what it says and not by which object it is', () => {
  const asked: number[] = []
  const square = remembering(({ n }: { readonly n: number }) => {
    asked.push(n)
    return n * n
  })
  expect([square({ n: 3 }), square({ n: 3 }), square({ n: 4 })]).toEqual([9, 9, 16])
  expect(asked).toEqual([3, 4])
})

test('the oldest answer goes first, and an error is no answer', () => {
  let calls = 0
  const act = remembering((n: number) => {
    calls++
    if (n < 0) throw new RangeError('below 0')
    return n
  })
  for (let n = 0; n < 9; n++) act(n)
  act(8)
  expect(calls).toBe(9)
  act(0)
  expect(calls).toBe(10)
  for (let time = 0; time < 2; time++) expect(() => act(-1)).toThrow(RangeError)
  expect(calls).toBe(12)
})
