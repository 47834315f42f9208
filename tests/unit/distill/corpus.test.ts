import { describe, expect, test } from 'vitest'
import { Corpus, CORPUS_START, type CorpusPlace, type TextSource } from '../../../workers/distill/corpus.ts'
import { rateAt, WARM_UP } from '../../../workers/distill/schedule.ts'
import { sequenceBatches, totalsOf } from '../../../workers/distill/sequences.ts'

const source = (texts: readonly (string | null)[]): TextSource => ({
  size: texts.length,
  read: async (place) => texts[place] ?? null,
})
/** Texts of 5 tokens, each naming its own place. */
const texts = (from: number, count: number) => source(Array.from({ length: count }, (_, place) => String(from + place)))
const encode = (text: string) => Array.from({ length: 5 }, (_, at) => Number(text) * 10 + at)
const options = { encode, sequence: 8, seed: 1 }
const place = (sequence: Int32Array) => Math.floor((sequence[0] ?? -1) / 10)
const ascending = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)
/** The first sequences of a corpus of 90 texts. */
const first = (seed: number) => draw(new Corpus([{ source: texts(0, 90), times: 1 }], { ...options, seed }), 30)
/** Texts of so many tokens, beside one that is kept apart. */
const ofLengths = (lengths: readonly number[]) =>
  new Corpus([{ source: source(['0', ...lengths.map(String)]), times: 1 }], {
    ...options,
    encode: (text) => Array.from({ length: Number(text) }, (_, at) => at),
  })

async function draw(corpus: Corpus, count: number, from: CorpusPlace = CORPUS_START): Promise<readonly Int32Array[]> {
  return (await corpus.draw(from, count)).sequences
}

describe('a corpus', () => {
  test('draws every text that is not kept apart once an epoch, and then again in another order', async () => {
    const corpus = new Corpus([{ source: texts(0, 250), times: 1 }], options)
    const { sequences, next } = await corpus.draw(CORPUS_START, 247)
    const epoch = sequences.map(place)
    const heldOut = (await corpus.heldOut()).map(place)
    expect(heldOut).toEqual([0, 100, 200])
    expect(ascending([...epoch, ...heldOut])).toEqual(Array.from({ length: 250 }, (_, at) => at))
    expect(epoch).not.toEqual(ascending(epoch))
    const again = (await draw(corpus, 247, next)).map(place)
    expect(ascending(again)).toEqual(ascending(epoch))
    expect(again).not.toEqual(epoch)
  })

  test('counts a file as often as it is told to, and keeps the same texts apart', async () => {
    const corpus = new Corpus(
      [
        { source: texts(0, 50), times: 3 },
        { source: texts(50, 50), times: 1 },
      ],
      options,
    )
    const drawn = (await draw(corpus, 49 * 3 + 49)).map(place)
    expect(drawn.filter((at) => at < 50)).toHaveLength(49 * 3)
    expect(ascending([...new Set(drawn)])).toEqual([...Array(100).keys()].filter((at) => at !== 0 && at !== 50))
    expect((await corpus.heldOut()).map(place)).toEqual([0, 50])
  })

  test('is drawn in the same order for the same seed', async () => {
    expect(await first(1)).toEqual(await first(1))
    expect(await first(1)).not.toEqual(await first(2))
  })

  test('goes on from a place as if it had not been left, in the middle of a text too', async () => {
    const lengths = Array.from({ length: 60 }, (_, at) => 3 + at)
    const whole = await draw(ofLengths(lengths), 700)
    const parts: Int32Array[] = []
    let from = CORPUS_START
    const stops = new Set<number>()
    for (let count = 1; parts.length < 700; count = (count % 7) + 1) {
      // A corpus of its own each time, as after a restart.
      const { sequences, next } = await ofLengths(lengths).draw(from, Math.min(count, 700 - parts.length))
      parts.push(...sequences)
      stops.add(next.part)
      from = next
    }
    expect(parts).toEqual(whole)
    expect(from.epoch).toBeGreaterThan(1)
    expect(stops.size).toBeGreaterThan(3)
  })

  test('cuts long texts, and leaves out what is no text or too short to predict', async () => {
    const drawn = await draw(ofLengths([16, 2, 8]), 3)
    expect(drawn.map(({ length }) => length)).toEqual([8, 8, 8])
    expect(await draw(ofLengths([2, 1]), 4)).toEqual([])
    expect(await draw(new Corpus([{ source: source([null, null]), times: 1 }], options), 1)).toEqual([])
    expect(await draw(new Corpus([], options), 1)).toEqual([])
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
