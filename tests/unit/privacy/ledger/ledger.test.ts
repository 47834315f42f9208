import { describe, expect, test } from 'vitest'
import { Ledger } from '../../../../workers/privacy/ledger/ledger.ts'
import { unitSet } from '../../../../workers/privacy/ledger/units.ts'
import { cryptoRandom } from '../../../../workers/privacy/random.ts'
import { rejectionOf } from '../../model/support.ts'
import { MECHANISM, MemoryStore, newRun, setOf, textsOf } from './support.ts'

async function ledgerWith(options: ConstructorParameters<typeof Ledger>[1] = {}) {
  const store = await MemoryStore.create()
  const ledger = new Ledger(store, options)
  return { store, ledger, file: await setOf(textsOf(0, 300), store.sign) }
}

describe('the budget of a file', () => {
  test('is spent by each run on it before the run has taken a step', async () => {
    const { ledger, file } = await ledgerWith()
    expect(await ledger.budget(file)).toMatchObject({ spent: 0, budget: 16, isDefault: true, runs: 0, intact: true })
    const forecast = await ledger.forecast(file, newRun())
    await ledger.reserve(file, [newRun()])
    const one = await ledger.budget(file)
    expect(one).toMatchObject({ spent: forecast.total, runs: 1, rule: 'fixed-plans', saved: false })
    await ledger.reserve(file, [newRun()])
    const two = await ledger.budget(file)
    expect(two).toMatchObject({ runs: 2, rule: 'renyi-filter' })
    expect(two.spent).toBeGreaterThan(one.spent)
    expect(two.spent).toBeLessThan(2 * one.spent)
  })

  test('is one for a copy that was renamed, shuffled and edited, and another for other rows', async () => {
    const { ledger, store, file } = await ledgerWith()
    await ledger.reserve(file, [newRun()])
    const { spent } = await ledger.budget(file)
    const copy = await setOf([...textsOf(10, 300).toReversed(), 'a new row', ' ROW number  299'], store.sign)
    expect((await ledger.budget(copy)).spent).toBe(spent)
    expect((await ledger.budget(await setOf(textsOf(300, 600), store.sign))).spent).toBe(0)
    // One shared row is enough; a file that shares with both counts both.
    await ledger.reserve(await setOf(textsOf(900, 950), store.sign), [newRun()])
    const both = await setOf(['row number 0', 'row number 900'], store.sign)
    expect(await ledger.budget(both)).toMatchObject({ runs: 2 })
    // Not further than that: the first file shares nothing with the other.
    expect(await ledger.budget(file)).toMatchObject({ runs: 1 })
  })

  test('refuses a run beyond it, says what would fit, and that does fit', async () => {
    const { ledger, file, store } = await ledgerWith({ defaultBudget: 2 })
    await ledger.reserve(file, [newRun()])
    const refused = newRun({ ...MECHANISM, sigma: 1.2 })
    const error = await rejectionOf('ledger', ledger.reserve(file, [refused]))
    expect(error.message).toContain("above the file's budget of 2")
    const { affordable, total, fits } = await ledger.forecast(file, refused)
    expect(fits).toBe(false)
    expect(total).toBeGreaterThan(2)
    expect(affordable).toBeGreaterThan(0)
    expect(error.data['affordable']).toBe(affordable)
    expect(store.links).toHaveLength(1)
    expect(await ledger.budget(file)).toMatchObject({ runs: 1 })
    // Exactly what was said to fit.
    let sigma = 1.2
    while (!(await ledger.forecast(file, newRun({ ...MECHANISM, sigma, heldOut: null }))).fits) sigma *= 1.02
    await ledger.reserve(file, [newRun({ ...MECHANISM, sigma, heldOut: null })])
    // Nothing of a size worth speaking of is left.
    expect((await ledger.forecast(file, newRun({ ...MECHANISM, sigma: 0.3 }))).affordable ?? 0).toBeLessThan(0.3)
  })

  test('can be chosen, for every copy of the file', async () => {
    const { ledger, file, store } = await ledgerWith()
    await rejectionOf('privacy-argument', ledger.setBudget(file, 0))
    await ledger.setBudget(file, 1)
    await rejectionOf('ledger', ledger.reserve(await setOf(textsOf(299, 500), store.sign), [newRun()]))
    await ledger.setBudget(file, 5)
    expect(await ledger.budget(file)).toMatchObject({ budget: 5, isDefault: false })
    await ledger.reserve(file, [newRun()])
  })

  test('without a limit is counted all the same', async () => {
    const { ledger, file } = await ledgerWith({ defaultBudget: Infinity })
    for (let run = 0; run < 4; run++) await ledger.reserve(file, [newRun({ ...MECHANISM, sigma: 0.4 })])
    expect((await ledger.budget(file)).spent).toBeGreaterThan(16)
  })

  test('of two that reserve the last room at once is given to one', async () => {
    const { store, file } = await ledgerWith()
    const tabs = [0, 1, 2].map(() => new Ledger(store, { defaultBudget: 1.7 }))
    const outcomes = await Promise.allSettled(tabs.map((tab) => tab.reserve(file, [newRun()])))
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected'])
    expect(store.links).toHaveLength(1)
  })

  test('is charged for runs of one series by their plans, whatever else', async () => {
    const { ledger, file } = await ledgerWith()
    await ledger.reserve(file, [newRun(), newRun(), newRun()])
    expect(await ledger.budget(file)).toMatchObject({ runs: 3, rule: 'fixed-plans' })
  })
})

describe('a run that ended early', () => {
  test('gives its unspent steps back once runs follow each other, not before', async () => {
    const { ledger, file } = await ledgerWith()
    const run = newRun()
    await ledger.reserve(file, [run])
    const planned = (await ledger.budget(file)).spent
    await ledger.spend(run.id, 10)
    await ledger.end(run.id)
    expect((await ledger.budget(file)).spent).toBe(planned)
    await ledger.reserve(file, [newRun()])
    const after = (await ledger.budget(file)).spent
    expect(after).toBeGreaterThan(planned)
    const other = await ledgerWith()
    await other.ledger.reserve(other.file, [newRun()])
    await other.ledger.reserve(other.file, [newRun()])
    expect(after).toBeLessThan((await other.ledger.budget(other.file)).spent)
  })

  test('before its first step counts for nothing; one that may still go on counts whole', async () => {
    const { ledger, file } = await ledgerWith()
    const run = newRun()
    await ledger.reserve(file, [run])
    expect((await ledger.budget(file)).spent).toBeGreaterThan(0)
    await ledger.end(run.id)
    await ledger.end(run.id)
    expect(await ledger.budget(file)).toMatchObject({ spent: 0, runs: 0 })
  })
})

describe('a run without differential privacy', () => {
  test('is on record, needs no room, and marks its file when its prompt is handed out', async () => {
    const { ledger, file } = await ledgerWith({ defaultBudget: 0.001 })
    const run = newRun(null)
    await ledger.reserve(file, [run])
    expect(await ledger.budget(file)).toMatchObject({ spent: 0, runs: 0, plainRuns: 1, plainReleased: false })
    await ledger.markReleased(run.id)
    await ledger.markReleased(run.id)
    expect(await ledger.budget(file)).toMatchObject({ spent: 0, plainRuns: 1, plainReleased: true })
  })
})

describe('what was seen', () => {
  test('is noted once, for all runs that share a unit, and for no other', async () => {
    const { ledger, file, store } = await ledgerWith()
    const [run, elsewhere] = [newRun(), newRun()]
    const other = await setOf(textsOf(5_000, 5_020), store.sign)
    await ledger.reserve(file, [run])
    await ledger.reserve(other, [elsewhere])
    expect([...(await ledger.seenRuns())]).toEqual([])
    await ledger.markSeenOf(run.id)
    await ledger.markSeen(file)
    expect(store.links.filter(({ record }) => record.kind === 'seen')).toHaveLength(1)
    const later = newRun()
    await ledger.reserve(file, [later])
    expect(await ledger.seenRuns()).toEqual(new Set([run.id, later.id]))
    expect((await ledger.budget(file)).seen).toBe(true)
    expect((await ledger.budget(other)).seen).toBe(false)
    await rejectionOf('ledger', ledger.markSeenOf(crypto.randomUUID()))
  })

  test('counts the steps of a run without differential privacy, which show exact figures', async () => {
    const { ledger, file } = await ledgerWith()
    const plain = newRun(null)
    await ledger.reserve(file, [plain])
    expect(await ledger.isSeen(file)).toBe(false)
    await ledger.spend(plain.id, 1)
    expect(await ledger.isSeen(file)).toBe(true)
  })

  test('goes into the budget file and comes back from it', async () => {
    const { ledger, file } = await ledgerWith()
    await ledger.reserve(file, [newRun()])
    expect(await ledger.save(file, 'a.csv')).not.toHaveProperty('seen')
    await ledger.markSeen(file)
    const saved = await ledger.save(file, 'a.csv')
    expect(saved.seen).toBe(true)
    const other = await ledgerWith()
    await other.ledger.restore(saved, other.file)
    await other.ledger.restore(saved, other.file)
    expect(await other.ledger.isSeen(other.file)).toBe(true)
    expect(other.store.links.filter(({ record }) => record.kind === 'seen')).toHaveLength(1)
  })

  test('counts the texts that stand for units of a file or a run, however they are spelt', async () => {
    const { ledger, file } = await ledgerWith()
    const run = newRun()
    await ledger.reserve(file, [run])
    const [known = ''] = textsOf(3, 4)
    const texts = [known.toUpperCase(), 'no such text', ` ${known}`]
    expect(await ledger.countShared(texts, { units: file })).toBe(2)
    expect(await ledger.countShared(texts, { run: run.id })).toBe(2)
  })
})

describe('sides', () => {
  test('are kept from one opening to the next, once a run has used them', async () => {
    const { ledger, store } = await ledgerWith()
    const texts = textsOf(0, 400)
    const first = await ledger.open(texts, 0.5, cryptoRandom)
    expect(first.kept).toBe(0)
    // Nobody has used them yet, so they are dealt again.
    expect([...(await ledger.open(texts, 0.5, cryptoRandom)).sides]).not.toEqual([...first.sides])
    await ledger.reserve(unitSet(first.prints, first.sides), [newRun()])
    const again = await new Ledger(store).open([...texts, ...textsOf(400, 500)], 0.5, cryptoRandom)
    expect(again.kept).toBe(400)
    expect([...again.sides.subarray(0, 400)]).toEqual([...first.sides])
  })

  test('that were dealt twice at the same time are used once', async () => {
    const { ledger } = await ledgerWith()
    const texts = textsOf(0, 200)
    const tabs = [await ledger.open(texts, 0.5, cryptoRandom), await ledger.open(texts, 0.5, cryptoRandom)]
    const [one, two] = tabs.map(({ prints, sides }) => unitSet(prints, sides))
    if (one === undefined || two === undefined) throw new Error('two tabs')
    await ledger.reserve(one, [newRun()])
    await rejectionOf('conflict', ledger.reserve(two, [newRun()]))
  })
})

describe('sides that no run has used', () => {
  test('are not kept by a budget, a look or a restored file', async () => {
    const { ledger } = await ledgerWith({ defaultBudget: 50 })
    const texts = textsOf(0, 200)
    const [mine, theirs] = [await ledger.open(texts, 0.5, cryptoRandom), await ledger.open(texts, 0.5, cryptoRandom)]
    const other = unitSet(theirs.prints, theirs.sides)
    await ledger.setBudget(other, 40)
    await ledger.markSeen(other)
    await ledger.restore(await ledger.save(other, 'rows.csv'), other)
    await ledger.reserve(unitSet(mine.prints, mine.sides), [newRun()])
    const again = await ledger.open(texts, 0.5, cryptoRandom)
    expect([...again.sides]).toEqual([...mine.sides])
    await ledger.reserve(unitSet(again.prints, again.sides), [newRun()])
  })
})

test('runs per row and per person on the same rows have no common figure', async () => {
  const { ledger, file } = await ledgerWith()
  await ledger.reserve(file, [newRun()])
  await rejectionOf('ledger', ledger.reserve(file, [{ ...newRun(), unit: 'person' }]))
})

/** A ledger of three runs that somebody changed while it was closed. */
async function broken(change: (store: MemoryStore) => void) {
  const { ledger, store, file } = await ledgerWith()
  for (let run = 0; run < 3; run++) await ledger.reserve(file, [newRun()])
  change(store)
  return { ledger: new Ledger(store), store, file }
}

describe('a ledger that was changed from outside', () => {
  test.each<[string, (store: MemoryStore) => void]>([
    ['an entry removed from the middle', (store) => void store.links.splice(1, 1)],
    ['the first entry removed', (store) => void store.links.shift()],
    ['the last entry removed', (store) => void store.links.pop()],
    ['two entries swapped', (store) => void store.links.splice(0, 2, ...store.links.slice(0, 2).toReversed())],
    [
      'an entry changed',
      (store) => {
        const [link] = store.links
        if (link?.record.kind !== 'run') throw new Error('a run')
        const run = { ...link.record.run, mechanism: { ...MECHANISM, sigma: 100 } }
        store.links[0] = { ...link, record: { ...link.record, run } }
      },
    ],
    [
      'all of it removed',
      (store) => {
        store.links = []
      },
    ],
    ['the units of a run removed', (store) => store.units.clear()],
    [
      'other units in their place',
      (store) => {
        for (const [name, { prints, sides }] of store.units) store.units.set(name, { prints: prints.slice(1), sides })
      },
    ],
  ])('notices %s, and reserves nothing', async (_, change) => {
    const { ledger, file } = await broken(change)
    expect((await ledger.budget(file)).intact).toBe(false)
    await rejectionOf('ledger', ledger.reserve(file, [newRun()]))
  })

  test('goes on when somebody says so, and notices the next change', async () => {
    const { ledger, store, file } = await broken((store) => void store.links.splice(1, 1))
    await ledger.mend()
    expect(await ledger.budget(file)).toMatchObject({ intact: true, runs: 2 })
    await ledger.reserve(file, [newRun()])
    expect(await ledger.budget(file)).toMatchObject({ intact: true, runs: 3 })
    store.links.pop()
    store.last = store.links.at(-1)?.hash ?? ''
    store.links.splice(2, 1)
    expect((await ledger.budget(file)).intact).toBe(false)
  })

  test('gets the lost entries back from a budget file', async () => {
    const { ledger, store, file } = await ledgerWith()
    for (let run = 0; run < 3; run++) await ledger.reserve(file, [newRun()])
    const before = await ledger.budget(file)
    const saved = await ledger.save(file, 'rows.csv')
    store.links.splice(1, 1)
    expect((await ledger.budget(file)).spent).toBeLessThan(before.spent)
    expect(await ledger.restore(saved, file)).toBe(1)
    expect(await ledger.budget(file)).toMatchObject({ intact: true, runs: 3, saved: true })
    expect((await ledger.budget(file)).spent).toBeCloseTo(before.spent, 9)
  })

  test('counts runs again whose units were lost, once a budget file says on which they were', async () => {
    const { ledger, store, file } = await ledgerWith()
    for (let run = 0; run < 3; run++) await ledger.reserve(file, [newRun()])
    const before = await ledger.budget(file)
    const saved = await ledger.save(file, 'rows.csv')
    store.units.clear()
    const reopened = new Ledger(store)
    for (let time = 0; time < 2; time++) {
      expect(await reopened.restore(saved, file)).toBe(0)
      const { spent, ...after } = await reopened.budget(file)
      expect(after).toMatchObject({ intact: true, runs: 3, saved: true })
      expect(spent).toBeCloseTo(before.spent, 9)
    }
    expect((await reopened.report()).files.map(({ runs }) => runs.length)).toEqual([3])
  })
})

test('lists runs file by file, the newest first', async () => {
  const { ledger, store, file } = await ledgerWith()
  await ledger.reserve(file, [newRun()])
  await ledger.reserve(await setOf(textsOf(500, 600), store.sign), [{ ...newRun(), dataName: 'other.csv' }])
  await ledger.reserve(file, [{ ...newRun(), dataName: 'renamed.csv' }])
  const { files, intact } = await ledger.report()
  expect(intact).toBe(true)
  expect(files.map(({ name, runs }) => [name, runs.length])).toEqual([
    ['renamed.csv', 2],
    ['other.csv', 1],
  ])
})

test('keeps the units of a file once, at 9 bytes each', async () => {
  const { ledger, store } = await ledgerWith()
  const prints = Float64Array.from({ length: 100_000 }, (_, index) => index * 7_919)
  const set = unitSet(prints, new Uint8Array(prints.length))
  await ledger.reserve(set, [newRun()])
  await ledger.reserve(set, [newRun()])
  expect(store.units.size).toBe(1)
  const [kept] = store.units.values()
  expect((kept?.prints.byteLength ?? 0) + (kept?.sides?.byteLength ?? 0)).toBe(900_000)
})
