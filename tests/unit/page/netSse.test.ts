import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventParser, readEvents, type ServerEvent } from '../../../src/engine/sse.ts'

function parse(pieces: readonly string[]): ServerEvent[] {
  const parser = new EventParser()
  return pieces.flatMap((piece) => parser.feed(piece))
}

const word = fc.stringMatching(/^[^\r\n:\0]{0,12}$/)
const eventList = fc.array(
  fc.record({ event: word, data: fc.array(fc.stringMatching(/^[^\r\n]{0,20}$/), { minLength: 1, maxLength: 3 }) }),
)

describe('server-sent events', () => {
  it('reads event and data, and joins data lines', () => {
    expect(parse(['event: job\ndata: {"a":\ndata: 1}\n\n'])).toEqual([{ event: 'job', data: '{"a":\n1}' }])
  })

  it('skips comments, other fields, events without data, and an event that never ends', () => {
    expect(parse([': keep-alive\n\nid: 4\nretry: 10\n\nevent: x\n\ndata\n\ndata: open\n'])).toEqual([
      { event: 'message', data: '' },
    ])
  })

  it('gives back what was written, however it is cut and whichever line ends are used', () => {
    fc.assert(
      fc.property(
        eventList,
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.array(fc.nat(400)),
        fc.boolean(),
        (events, end, cuts, mark) => {
          const lines = events.flatMap(({ event, data }) => [
            `event: ${event}`,
            ...data.map((part) => `data: ${part}`),
            '',
          ])
          const text = (mark ? '\uFEFF' : '') + lines.map((line) => line + end).join('')
          const at = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length]
          const pieces = at.slice(1).map((to, i) => text.slice(at[i], to))
          expect(parse(pieces)).toEqual(
            events.map(({ event, data }) => ({ event: event || 'message', data: data.join('\n') })),
          )
        },
      ),
    )
  })

  it('reads any text the same in one piece and in single characters', () => {
    const noisy = fc
      .array(fc.constantFrom('\r', '\n', ':', ' ', 'data', 'event', 'x', '\uFEFF', '{'))
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(noisy, (text) => {
        expect(parse(text.split(''))).toEqual(parse([text]))
      }),
    )
  })

  it('reads bytes that are cut inside a character', async () => {
    const bytes = new TextEncoder().encode('data: ε€😀\n\n')
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(new Uint8Array([byte]))
        controller.close()
      },
    })
    const events: ServerEvent[] = []
    for await (const event of readEvents(body)) events.push(event)
    expect(events).toEqual([{ event: 'message', data: 'ε€😀' }])
  })

  it('refuses an event without an end', () => {
    expect(() => parse(['data: ', 'x'.repeat(2_000_000)])).toThrow(RangeError)
  })
})
