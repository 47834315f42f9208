import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { BudgetFile } from '../../../../workers/protocol/ledger.ts'
import { Ledger } from '../../../../workers/privacy/ledger/ledger.ts'
import { parseBudgetFile } from '../../../../workers/privacy/ledger/merge.ts'
import { errorOf, rejectionOf, toBytes } from '../../model/support.ts'
import { MECHANISM, MemoryStore, newRun, setOf, textsOf } from './support.ts'

const texts = textsOf(0, 50)

async function newLedger() {
  const store = await MemoryStore.create()
  return { store, ledger: new Ledger(store, { defaultBudget: 100 }), file: await setOf(texts, store.sign) }
}

/** A ledger on which so many steps of so many runs are spent; some handed out. */
async function ledgerOf(runs: readonly { readonly id: string; readonly spent: number; readonly released: boolean }[]) {
  const made = await newLedger()
  for (const { id, spent, released } of runs) {
    await made.ledger.reserve(made.file, [newRun(MECHANISM, id)])
    if (spent > 0) await made.ledger.spend(id, spent)
    if (released) await made.ledger.markReleased(id)
  }
  return made
}

/** What counts of a ledger, without the order of its runs. */
async function stateOf({ ledger, file }: Awaited<ReturnType<typeof newLedger>>) {
  const { spent, budget, runs } = await ledger.budget(file)
  const entries = [...(await ledger.entries()).values()].map(({ run, stepsSpent, released }) =>
    [run.id, stepsSpent, released].join(' '),
  )
  return { spent: spent.toFixed(9), budget, runs, entries: entries.sort() }
}

const IDS = Array.from({ length: 3 }, () => crypto.randomUUID())

/** One run as two ledgers have seen it: the reservation is the same, what is spent of it may differ. */
const someFile = fc.uniqueArray(
  fc.record({
    id: fc.constantFrom(...IDS),
    spent: fc.integer({ min: 0, max: MECHANISM.steps }),
    released: fc.boolean(),
  }),
  { minLength: 1, maxLength: 3, selector: ({ id }) => id },
)

async function fileOf(runs: Parameters<typeof ledgerOf>[0], budget: number | null): Promise<BudgetFile> {
  const template = newRun()
  return {
    format: 'softpost-budget',
    version: 1,
    dataName: 'rows.csv',
    budget: budget === null ? null : { epsilon: budget, delta: 1e-5 },
    runs: runs.map(({ id, spent, released }) => ({
      run: { ...template, id, at: 1, size: 50, dealer: IDS[0] ?? '', series: id },
      stepsSpent: spent,
      released,
    })),
  }
}

describe('merging budget files', () => {
  test('gives the same in any order, as often as one likes, and never lowers what is spent', async () => {
    const limit = fc.option(fc.integer({ min: 1, max: 200 }))
    await fc.assert(
      fc.asyncProperty(someFile, someFile, limit, limit, async (one, two, first, second) => {
        const files = [await fileOf(one, first), await fileOf(two, second)] as const
        const [forwards, backwards] = [await newLedger(), await newLedger()]
        await forwards.ledger.restore(files[0], forwards.file)
        const before = await forwards.ledger.budget(forwards.file)
        await forwards.ledger.restore(files[1], forwards.file)
        const after = await forwards.ledger.budget(forwards.file)
        expect(after.spent).toBeGreaterThanOrEqual(before.spent)
        await backwards.ledger.restore(files[1], backwards.file)
        await backwards.ledger.restore(files[0], backwards.file)
        expect(await stateOf(backwards)).toEqual(await stateOf(forwards))
        const links = forwards.store.links.length
        expect(await forwards.ledger.restore(files[0], forwards.file)).toBe(0)
        expect(await forwards.ledger.restore(files[1], forwards.file)).toBe(0)
        expect(forwards.store.links.length).toBe(links)
        expect((await forwards.ledger.budget(forwards.file)).intact).toBe(true)
      }),
      { numRuns: 20 },
    )
  })

  test('brings the runs of one browser to another, on whatever file is open there', async () => {
    const [id = '', other = ''] = IDS
    const old = await ledgerOf([
      { id, spent: 30, released: true },
      { id: other, spent: 100, released: false },
    ])
    await old.ledger.setBudget(old.file, 9)
    const { spent } = await old.ledger.budget(old.file)
    const bytes = toBytes(JSON.stringify(await old.ledger.save(old.file, 'rows.csv')))
    const fresh = await newLedger()
    expect(await fresh.ledger.restore(parseBudgetFile(bytes), fresh.file)).toBe(2)
    const budget = await fresh.ledger.budget(fresh.file)
    expect(budget).toMatchObject({ runs: 2, budget: 9, saved: true, isDefault: false })
    expect(budget.spent).toBeCloseTo(spent, 9)
    expect((await fresh.ledger.entry(id)).released).toBe(true)
    // A run here has coins of another dealer, and may meet the old ones on either side.
    await fresh.ledger.reserve(fresh.file, [newRun()])
    expect((await fresh.ledger.budget(fresh.file)).saved).toBe(false)
  })

  test('holds no fingerprint and no key', async () => {
    const [id = ''] = IDS
    const { ledger, store, file } = await ledgerOf([{ id, spent: 1, released: false }])
    const text = JSON.stringify(await ledger.save(file, 'rows.csv'))
    for (const print of file.prints) expect(text).not.toContain(String(print))
    for (const name of store.units.keys()) expect(text).not.toContain(name)
    for (const { hash } of store.links) expect(text).not.toContain(hash)
  })

  test('takes several files at once as one after the other, and all of them or none', async () => {
    const [one = '', two = ''] = IDS
    const files = [
      await fileOf([{ id: one, spent: 5, released: true }], 9),
      await fileOf(
        [
          { id: one, spent: 7, released: false },
          { id: two, spent: 3, released: false },
        ],
        4,
      ),
    ]
    const [atOnce, inTurn] = [await newLedger(), await newLedger()]
    expect(await atOnce.ledger.restoreAll(files.map((file) => ({ file, units: atOnce.file })))).toBe(2)
    for (const file of files) await inTurn.ledger.restore(file, inTurn.file)
    expect(await stateOf(atOnce)).toEqual(await stateOf(inTurn))
    expect((await atOnce.ledger.budget(atOnce.file)).budget).toBe(4)

    const [before, links] = [await stateOf(atOnce), atOnce.store.links.length]
    const third = await fileOf([{ id: IDS[2] ?? '', spent: 1, released: false }], 1)
    const changed = await fileOf([{ id: one, spent: 7, released: false }], null)
    const other = changed.runs.map((line) => ({ ...line, run: { ...line.run, size: 51 } }))
    await rejectionOf(
      'ledger',
      atOnce.ledger.restoreAll([third, { ...changed, runs: other }].map((file) => ({ file, units: atOnce.file }))),
    )
    expect([await stateOf(atOnce), atOnce.store.links.length]).toEqual([before, links])
  })

  test('refuses a file that contradicts the ledger, is broken, or is something else', async () => {
    const [id = ''] = IDS
    const made = await ledgerOf([{ id, spent: 5, released: false }])
    const saved = await made.ledger.save(made.file, 'rows.csv')
    const [line] = saved.runs
    if (line === undefined) throw new Error('one run')
    const changed = { ...saved, runs: [{ ...line, run: { ...line.run, mechanism: { ...MECHANISM, sigma: 9 } } }] }
    await rejectionOf('ledger', made.ledger.restore(changed, made.file))
    await rejectionOf('ledger', made.ledger.restore({ ...saved, runs: [{ ...line, stepsSpent: 101 }] }, made.file))
    expect((await made.ledger.entry(id)).stepsSpent).toBe(5)
    for (const text of [
      '',
      '{}',
      '[1]',
      JSON.stringify({ ...saved, version: 2 }),
      JSON.stringify({ ...saved, key: 1 }),
    ]) {
      errorOf('ledger', () => parseBudgetFile(toBytes(text)))
    }
  })
})
