import { describe, expect, test } from 'vitest'
import { BATTERY, faultsOf, type CheckName } from './battery.ts'
import { assemble, REAL } from './mechanism.ts'
import { MUTANTS } from './mutants.ts'

describe('the battery finds nothing', () => {
  test.each(Object.keys(BATTERY) as CheckName[])('in the mechanism that is shipped: %s', async (name) => {
    expect(await BATTERY[name](REAL)).toBe(true)
  })

  test('in the one that mutants are made of', async () => {
    expect(await faultsOf(assemble())).toEqual([])
  })
})

describe('the battery catches', () => {
  test.each(MUTANTS)('$fault', async ({ mechanism, caughtBy }) => {
    expect(await BATTERY[caughtBy](mechanism)).toBe(false)
  })

  test('with each of its checks, some fault', () => {
    expect(new Set(MUTANTS.map(({ caughtBy }) => caughtBy))).toEqual(new Set(Object.keys(BATTERY)))
  })
})
