import { describe, expect, it } from 'vitest'
import { classifyAll, LONGEST_TEXT } from '../../../src/engine/classifyAll.ts'
import { SoftpostError } from '../../../workers/protocol/errors.ts'
import type { Prediction } from '../../../workers/protocol/tuner.ts'

function answer(text: string): Prediction {
  return { label: text, probabilities: [{ label: text, probability: 1 }] }
}

/** A host that fails with these errors first, one a request, and notes what it was sent and how long it was waited for. */
function host(...failures: readonly SoftpostError[]) {
  const left = [...failures]
  const sent: string[][] = []
  const waits: number[] = []
  return {
    sent,
    waits,
    ask: async (_jobId: string, texts: readonly string[]) => {
      sent.push([...texts])
      const failure = left.shift()
      if (failure) throw failure
      return await Promise.resolve(texts.map(answer))
    },
    pause: async (ms: number) => {
      waits.push(ms)
      await Promise.resolve()
    },
  }
}

function label(texts: readonly string[], parts: ReturnType<typeof host>) {
  const done: number[] = []
  const signal = new AbortController().signal
  const result = classifyAll(texts, {
    ...parts,
    jobId: 'j',
    answers: 'classes',
    signal,
    onProgress: (textsDone) => done.push(textsDone),
  })
  return { result, done }
}

describe('labelling many texts at the provider', () => {
  it('sends each text once, in parts, and leaves empty rows out', async () => {
    const texts = Array.from({ length: 150 }, (_, i) => (i % 3 === 0 ? '' : `text ${i}`))
    const parts = host()
    const { result, done } = label(texts, parts)
    expect(await result).toEqual(texts.map((text) => (text === '' ? null : answer(text))))
    expect(parts.sent.flat()).toEqual(texts.filter((text) => text !== ''))
    expect(parts.sent.map(({ length }) => length)).toEqual([64, 36])
    expect(done).toEqual([0, 64, 100])
  })

  it('sends nothing when one text is too long', async () => {
    const parts = host()
    await expect(label(['short', 'x'.repeat(LONGEST_TEXT + 1)], parts).result).rejects.toMatchObject({
      code: 'too-large',
    })
    expect(parts.sent).toEqual([])
  })

  it('waits as long as a busy host asks, and tries a lost connection again', async () => {
    const parts = host(
      new SoftpostError('busy', 'later', { data: { retrySeconds: 7 } }),
      new SoftpostError('network', 'gone'),
    )
    expect(await label(['a'], parts).result).toEqual([answer('a')])
    expect(parts.sent).toEqual([['a'], ['a'], ['a']])
    expect(parts.waits).toEqual([7_000, 4_000])
  })

  it('gives up after a few tries, and at once on a refusal', async () => {
    const gone = new SoftpostError('network', 'gone')
    const away = host(gone, gone, gone, gone)
    await expect(label(['a'], away).result).rejects.toBe(gone)
    expect(away.sent).toHaveLength(4)
    const refused = host(new SoftpostError('not-found', 'no such job'))
    await expect(label(['a'], refused).result).rejects.toMatchObject({ code: 'not-found' })
    expect(refused.sent).toHaveLength(1)
  })
})
