import { describe, expect, test } from 'vitest'
import { Corpus } from '../../../workers/distill/corpus.ts'
import { rateAt, WARM_UP } from '../../../workers/distill/schedule.ts'
import { sequenceBatches, totalsOf } from '../../../workers/distill/sequences.ts'

/** Texts of 5 tokens, each naming its own place. */
const texts = (from: number, count: number) => Array.from({ length: count }, (_, place) => `${from + place}`)
const encode = (text: string) => Array.from({ length: 5 }, (_, at) => Number(text) * 10 + at)
const options = { encode, sequence: 8, seed: 1 }
const place = (sequence: Int32Array) => Math.floor((sequence[0] ?? -1) / 10)
/** The first sequences of a corpus of 90 texts. */
const draw = (seed: number) => new Corpus([{ texts: texts(0, 90), times: 1 }], { ...options, seed }).draw(30)
const ascending = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)
/** Texts of so many tokens, beside one that is kept apart. */
const ofLengths = (lengths: readonly number[]) =>
  new Corpus([{ texts: ['0', ...lengths.map(String)], times: 1 }], {
    ...options,
    encode: (text) => Array.from({ length: Number(text) }, (_, at) => at),
  })

describe('a corpus', () => {
  test('draws every text that is not kept apart once an epoch, and then again', () => {
    const corpus = new Corpus([{ texts: texts(0, 250), times: 1 }], options)
    const epoch = corpus.draw(247).map(place)
    const heldOut = corpus.heldOut().map(place)
    expect(heldOut).toEqual([0, 100, 200])
    expect(ascending([...epoch, ...heldOut])).toEqual(Array.from({ length: 250 }, (_, at) => at))
    expect(epoch).not.toEqual(ascending(epoch))
    const again = corpus.draw(247).map(place)
    expect(ascending(again)).toEqual(ascending(epoch))
    expect(again).not.toEqual(epoch)
  })

  test('counts a file as often as it is told to, and keeps the same texts apart', () => {
    const corpus = new Corpus(
      [
        { texts: texts(0, 50), times: 3 },
        { texts: texts(50, 50), times: 1 },
      ],
      options,
    )
    const drawn = corpus.draw(49 * 3 + 49).map(place)
    expect(drawn.filter((at) => at < 50)).toHaveLength(49 * 3)
    expect(drawn).not.toContain(0)
    expect(corpus.heldOut().map(place)).toEqual([0, 50])
  })

  test('is drawn in the same order for the same seed', () => {
    expect(draw(1)).toEqual(draw(1))
    expect(draw(1)).not.toEqual(draw(2))
  })

  test('cuts long texts and leaves out what is too short to predict', () => {
    const drawn = ofLengths([16, 2, 8]).draw(3)
    expect(drawn.map(({ length }) => length)).toEqual([8, 8, 8])
    expect(ofLengths([2, 1]).draw(4)).toEqual([])
  })
})

describe('batches', () => {
  const sequences = [3, 9, 4, 8, 3].map((length) => Int32Array.from({ length }, () => length))

  test('hold all sequences, similar ones together, within the limit', () => {
    const batches = sequenceBatches(sequences, 18)
    expect(batches.map(({ size, length }) => [size, length])).toEqual([
      [2, 9],
      [3, 4],
    ])
    expect([...(batches[1]?.ids ?? [])]).toEqual([4, 4, 4, 4, 3, 3, 3, 0, 3, 3, 3, 0])
    expect([...(batches[1]?.read ?? [])]).toEqual([3, 2, 2])
    expect(totalsOf(batches)).toEqual({ tokens: 27, targets: 22 })
  })

  test('hold a sequence that is over the limit alone', () => {
    expect(sequenceBatches(sequences, 5).map(({ size }) => size)).toEqual([1, 1, 1, 1, 1])
  })
})

test('the learning rate rises to its peak and falls to nothing, in lines', () => {
  expect(rateAt(2, WARM_UP / 2)).toBeCloseTo(1, 1)
  expect(rateAt(2, WARM_UP)).toBeCloseTo(2)
  expect(rateAt(2, (1 + WARM_UP) / 2)).toBeCloseTo(1)
  expect(rateAt(2, 1)).toBe(0)
  // The first step is a step.
  expect(rateAt(2, 0)).toBeGreaterThan(0)
})
