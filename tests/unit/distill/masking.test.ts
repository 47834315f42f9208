import { describe, expect, test } from 'vitest'
import { createMasker, type Masking } from '../../../workers/distill/masking.ts'
import { sequenceBatches, totalsOf } from '../../../workers/distill/sequences.ts'

const [FIRST, LAST, MASK] = [0, 2, 4]
const masking: Masking = { maskTokenId: MASK, vocabulary: 5_000, special: [FIRST, LAST], seed: 7 }
const text = (length: number): Int32Array =>
  Int32Array.from({ length }, (_, at) => (at === 0 ? FIRST : at === length - 1 ? LAST : 100 + at))

const once = (round: number, seed = 7) => createMasker({ ...masking, seed }, round)(text(200))

/** How many standard deviations a count is from its mean. */
function deviations(count: number, of: number, share: number): number {
  return Math.abs(count - of * share) / Math.sqrt(of * share * (1 - share))
}

describe('masking', () => {
  test('asks 15 % of the tokens, of which 80 % are hidden, 10 % others and 10 % as they were', () => {
    const long = text(40_002)
    const { ids, targets } = createMasker(masking, 0)(long)
    const asked = [...targets.keys()].filter((at) => (targets[at] ?? -1) >= 0)
    expect(asked.every((at) => targets[at] === long[at])).toBe(true)
    expect([...ids.keys()].filter((at) => ids[at] !== long[at] && (targets[at] ?? -1) < 0)).toEqual([])
    expect(deviations(asked.length, 40_000, 0.15)).toBeLessThan(5)
    expect(deviations(asked.filter((at) => ids[at] === MASK).length, asked.length, 0.8)).toBeLessThan(5)
    expect(deviations(asked.filter((at) => ids[at] === long[at]).length, asked.length, 0.1)).toBeLessThan(5)
    expect(targets[0]).toBe(-1)
    expect(targets.at(-1)).toBe(-1)
  })

  test('asks about the shortest text too, and never about what frames it', () => {
    const mask = createMasker(masking, 0)
    for (let times = 0; times < 50; times++) {
      const { targets } = mask(text(3))
      expect([...targets]).toEqual([-1, 101, -1])
    }
    expect([...mask(Int32Array.of(FIRST, LAST)).targets]).toEqual([-1, -1])
  })

  test('is the same for the same seed and round, and another in another', () => {
    expect(once(3)).toEqual(once(3))
    expect(once(3)).not.toEqual(once(4))
    expect(once(3)).not.toEqual(once(3, 8))
  })

  test('goes into padded batches, where padding asks nothing', () => {
    const sequences = [text(5), text(9)]
    const [batch, ...more] = sequenceBatches(sequences, 100, createMasker(masking, 0))
    expect(more).toEqual([])
    if (!batch?.targets) throw new Error('a batch with targets expected')
    expect([batch.size, batch.length, [...batch.lengths]]).toEqual([2, 9, [9, 5]])
    expect([...batch.targets.subarray(14)]).toEqual([-1, -1, -1, -1])
    const asked = batch.targets.filter((target) => target >= 0).length
    expect(totalsOf([batch])).toEqual({ tokens: 14, targets: asked })
  })
})
