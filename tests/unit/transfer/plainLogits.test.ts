/** Logits that are kept from transfer to transfer, in memory here and in a folder. */
import { mkdtemp, readdir, rm, truncate, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { LogitsFolder } from '../../../workers/host/store/logitsFolder.ts'
import type { Engine } from '../../../workers/pool/types.ts'
import type { Encoded } from '../../../workers/task/types.ts'
import { cachedLogits } from '../../../workers/transfer/plainLogits.ts'

const models = {
  student: { sha256: 'a'.repeat(64), vocabulary: 2, weights: 'f32' },
  teacher: { sha256: 'b'.repeat(64), vocabulary: 2, weights: 'f32' },
} as const
const text = (...ids: number[]): Encoded => ({ ids: Int32Array.from(ids), read: [ids.length - 1], cut: false })

/** Counts what it is asked for; its logits are the ids. */
function countingEngine(report = { backend: 'wasm', adapter: null, workers: 2 }) {
  const asked: string[] = []
  const engine = {
    report,
    logits: async ({ slot, examples }: Parameters<Engine['logits']>[0]) => {
      asked.push(slot)
      return Float32Array.from(examples.flatMap(({ ids }) => [...ids.subarray(0, 2)]))
    },
  }
  // The other calls are none of this code's.
  return { asked, engine: engine as unknown as Engine }
}

let folder = ''
const key = (letter: string) => letter.repeat(64)
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'softpost-logits-'))))
afterEach(() => rm(folder, { recursive: true }))

async function age(letter: string, days: number): Promise<void> {
  const then = new Date(Date.now() - days * 24 * 60 * 60 * 1000)
  await utimes(join(folder, `${key(letter)}.f32`), then, then)
}

describe('cached logits', () => {
  test('are computed once for the same model, device and texts', async () => {
    const cache = await LogitsFolder.open({ path: folder })
    const { engine, asked } = countingEngine()
    const logits = cachedLogits(engine, models, cache)
    const texts = [text(1, 2), text(3, 4, 5)]
    const first = await logits('teacher', texts)
    expect(await logits('teacher', texts)).toEqual(first)
    expect([...first]).toEqual([1, 2, 3, 4])
    expect(asked).toEqual(['teacher'])
    // The student's are its own, as are those of other texts, of a shorter context, and of another device.
    await logits('student', texts)
    await logits('teacher', texts.toReversed())
    await logits('teacher', [text(1, 2), text(3, 4)])
    expect(asked).toHaveLength(4)
    const other = countingEngine({ backend: 'wasm', adapter: null, workers: 1 })
    await cachedLogits(other.engine, models, cache)('teacher', texts)
    expect(other.asked).toEqual(['teacher'])
    const rounded = { ...models, student: { ...models.student, weights: 'int8' } } as const
    await cachedLogits(other.engine, rounded, cache)('student', texts)
    expect(other.asked).toEqual(['teacher', 'student'])
    const again = countingEngine()
    expect(
      await cachedLogits(again.engine, models, await LogitsFolder.open({ path: folder }))('teacher', texts),
    ).toEqual(first)
    expect(again.asked).toEqual([])
  })
})

describe('a folder of logits', () => {
  const values = Float32Array.of(1.5, -0, Number.MIN_VALUE)

  test('gives back the same bits, and nothing for what it does not have whole', async () => {
    const cache = await LogitsFolder.open({ path: join(folder, 'new') })
    expect(await cache.get(key('a'), 3)).toBeNull()
    await cache.put(key('a'), values)
    expect(await cache.get(key('a'), 3)).toEqual(values)
    expect(await cache.get(key('a'), 4)).toBeNull()
    await truncate(join(folder, 'new', `${key('a')}.f32`), 5)
    expect(await cache.get(key('a'), 3)).toBeNull()
  })

  test('stays within its size: what was used longest ago goes first', async () => {
    const cache = await LogitsFolder.open({ path: folder, maxBytes: 2 * values.byteLength })
    for (const [days, letter] of [
      [3, 'a'],
      [2, 'b'],
    ] as const) {
      await cache.put(key(letter), values)
      await age(letter, days)
    }
    // Used again.
    expect(await cache.get(key('a'), 3)).toEqual(values)
    await cache.put(key('c'), values)
    expect((await readdir(folder)).sort()).toEqual([`${key('a')}.f32`, `${key('c')}.f32`])
    await cache.put(key('d'), new Float32Array(7))
    expect(await cache.get(key('d'), 7)).toBeNull()
  })

  test('drops what was not used for long when it is opened, and no other file', async () => {
    const cache = await LogitsFolder.open({ path: folder })
    for (const letter of ['a', 'b']) await cache.put(key(letter), values)
    await age('a', 8)
    await LogitsFolder.open({ path: folder })
    expect(await readdir(folder)).toEqual([`${key('b')}.f32`])
  })

  test('that is purged while it is in use stays away, and nothing fails', async () => {
    const cache = await LogitsFolder.open({ path: join(folder, 'gone') })
    await rm(join(folder, 'gone'), { recursive: true })
    await cache.put(key('a'), values)
    expect(await cache.get(key('a'), 3)).toBeNull()
    expect(await readdir(folder)).toEqual([])
  })
})
