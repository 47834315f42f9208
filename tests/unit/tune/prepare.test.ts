import { describe, expect, test, onTestFinished, vi } from 'vitest'
import { cryptoRandom } from '../../../workers/privacy/random.ts'
import type { ClassifyTask } from '../../../workers/protocol/task.ts'
import type { Example } from '../../../workers/task/types.ts'
import {
  countFileUnits,
  encodeRows,
  heldOutShare,
  selectRows,
  sidesOf,
  throwCoins,
} from '../../../workers/tune/prepare.ts'
import { demoTokenizer, errorOf } from '../model/support.ts'
import { TASK } from './support.ts'

const row = (text: string, label: string | null): Example => ({ text, label })
const owned = (text: string, person: string, label = 'good'): Example => ({ text, label, person })
const many = Array.from({ length: 4_000 }, (_, index) => row(`film ${index}`, index % 3 === 0 ? 'good' : 'bad'))
const request = { task: TASK, tokenizer: demoTokenizer(), contextLength: 256, promptLength: 5 }
const quiet = { onProgress: () => undefined }

describe('the coins of a file', () => {
  test('fall as often as they should, on a share that follows from the size alone', () => {
    expect([1, 100, 3_000, 30_000].map(heldOutShare)).toEqual([0.1, 0.1, 0.1, 0.01])
    const coins = throwCoins(many, 0.1, cryptoRandom)
    const heldOut = many.filter(({ text }) => coins({ text })).length
    // Within five standard deviations of 400.
    expect(Math.abs(heldOut - 400)).toBeLessThan(5 * Math.sqrt(4_000 * 0.1 * 0.9))
    expect(throwCoins(many, 0, cryptoRandom)(row('film 1', 'bad'))).toBe(false)
  })

  test('stay with a row whatever the task, and are one for equal rows', () => {
    const other: ClassifyTask = { ...TASK, labels: { good: ['good'], fine: ['fine'] } }
    const examples = [...many, ...many, row('film 0', 'fine')]
    const coins = throwCoins(examples, 0.5, cryptoRandom)
    const [first, second] = [TASK, other].map((task) => {
      const { rows } = selectRows(task, examples, request.tokenizer)
      const sides = sidesOf(rows, coins).heldOut
      return new Map(rows.map(({ text, label }, index) => [`${label} ${text}`, sides[index]]))
    })
    expect(first?.size).toBe(4_000)
    const shared = [...(second ?? [])].filter(([key]) => first?.has(key))
    expect(shared.length).toBe(Math.ceil(4_000 / 3))
    for (const [key, side] of shared) expect(side).toBe(first?.get(key))
  })

  test('are one for equal texts, whatever their labels', () => {
    const rows = [row('b c', 'a'), row('c', 'a b'), row('b c', 'c'), row('b c', null)]
    const seen = new Set<string>()
    for (let trial = 0; trial < 60; trial++) {
      const coins = throwCoins(rows, 0.5, cryptoRandom)
      seen.add(`${coins({ text: 'b c' })} ${coins({ text: 'c' })}`)
    }
    expect(seen.size).toBe(4)
  })
})

describe('persons', () => {
  const crowd = Array.from({ length: 4_000 }, (_, index) =>
    owned(`film ${index}`, `p${index % 400}`, index % 3 === 0 ? 'bad' : 'good'),
  )

  test('share one coin with all their rows', () => {
    expect(countFileUnits(crowd)).toBe(400)
    expect(countFileUnits(many)).toBe(4_000)
    const { rows } = selectRows(TASK, crowd, request.tokenizer)
    const { heldOut, persons } = sidesOf(rows, throwCoins(crowd, 0.3, cryptoRandom))
    const sides = new Map<number, Set<number>>()
    for (const [index, person] of (persons ?? []).entries()) {
      sides.set(person, (sides.get(person) ?? new Set()).add(heldOut[index] ?? -1))
    }
    expect(sides.size).toBe(400)
    expect([...sides.values()].every(({ size }) => size === 1)).toBe(true)
    const out = [...sides.values()].filter((side) => side.has(1)).length
    expect(Math.abs(out - 120)).toBeLessThan(5 * Math.sqrt(400 * 0.3 * 0.7))
  })

  test('lose no row to what another one says, and equal rows of their own once', () => {
    const rows = [owned('a', 'x'), owned('a', 'y'), owned('a', 'x'), owned('b', 'x', 'bad')]
    const selected = selectRows(TASK, rows, request.tokenizer)
    expect(selected.rows.map(({ text, person }) => `${person} ${text}`)).toEqual(['x a', 'y a', 'x b'])
    expect(selected.duplicates).toBe(1)
    expect([...(sidesOf(selected.rows, () => false).persons ?? [])]).toEqual([0, 1, 0])
  })
})

describe('rows', () => {
  test('of no class of the task are left out; one class is refused', () => {
    const selected = selectRows(
      TASK,
      [row('a', 'good'), row('b', 'other'), row('c', null), row('d', 'bad')],
      request.tokenizer,
    )
    expect(selected.rows.map(({ text }) => text)).toEqual(['a', 'd'])
    expect(selected.withoutClass).toBe(2)
    errorOf('one-class', () => selectRows(TASK, [row('a', 'good'), row('b', 'good')], request.tokenizer))
    errorOf('no-rows', () => selectRows(TASK, [row('a', 'other')], request.tokenizer))
  })

  test('are encoded with their class and side, leaving the prompt its place', async () => {
    const examples = [row('so '.repeat(999), 'bad'), row('great', 'good')]
    const coins = throwCoins(examples, 1, cryptoRandom)
    const rows = await encodeRows(selectRows(TASK, examples, request.tokenizer), { ...request, coins }, quiet)
    expect(rows.encoded.map(({ ids, cut }) => [ids.length, cut])).toEqual([
      [251, true],
      [request.tokenizer.encode('great It was').length, false],
    ])
    expect([...rows.labels]).toEqual([1, 0])
    expect([...rows.heldOut]).toEqual([1, 1])
  })

  test('say how far they are, and wait for whoever listens', async () => {
    const coins = throwCoins(many, 0.1, cryptoRandom)
    const long = many.map(({ text, label }) => row(`${text} ${'word '.repeat(60)}`, label))
    let waited = 0
    const reports: number[] = []
    // A millisecond a look: how fast the machine is does not matter.
    let now = 0
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now++)
    onTestFinished(() => clock.mockRestore())
    await encodeRows(
      selectRows(TASK, long, request.tokenizer),
      { ...request, coins },
      {
        onProgress: async (done, total) => {
          expect(total).toBe(4_000)
          reports.push(done)
          await Promise.resolve()
          waited++
        },
      },
    )
    expect(waited).toBe(reports.length)
    expect(reports).toEqual([...reports].sort((a, b) => a - b))
    expect(reports.length).toBeGreaterThan(30)
  })
})
