/** Server-sent events from a stream of bytes, by the WHATWG rules; EventSource itself can send no key. */

export type ServerEvent = { readonly event: string; readonly data: string }

/** An event of the API is under 1 KB; a host that sends more without an end is broken. */
const EVENT_CHARS = 1_000_000

/** Takes the stream in any pieces and gives the events that are complete. */
export class EventParser {
  #rest = ''
  #event = ''
  #data: string[] = []
  #afterReturn = false
  #started = false

  /** @throws RangeError for an event that does not end. */
  feed(text: string): ServerEvent[] {
    const events: ServerEvent[] = []
    let buffer = this.#rest + this.#clean(text)
    for (let end = nextBreak(buffer); end >= 0; end = nextBreak(buffer)) {
      const line = buffer.slice(0, end)
      const isReturn = buffer[end] === '\r'
      buffer = buffer.slice(end + 1)
      if (isReturn && buffer === '') this.#afterReturn = true
      else if (isReturn && buffer.startsWith('\n')) buffer = buffer.slice(1)
      this.#line(line, events)
    }
    this.#rest = buffer
    if (this.#rest.length + this.#data.reduce((sum, part) => sum + part.length, 0) > EVENT_CHARS) {
      throw new RangeError(`an event has more than ${EVENT_CHARS} characters`)
    }
    return events
  }

  /** Drops a byte order mark, and the LF of a CRLF that two pieces share. */
  #clean(text: string): string {
    if (text === '') return text
    const marked = !this.#started && text.startsWith('\uFEFF')
    this.#started = true
    const plain = marked ? text.slice(1) : text
    const split = this.#afterReturn && plain.startsWith('\n')
    if (plain !== '') this.#afterReturn = false
    return split ? plain.slice(1) : plain
  }

  #line(line: string, events: ServerEvent[]): void {
    if (line === '') {
      if (this.#data.length > 0) events.push({ event: this.#event || 'message', data: this.#data.join('\n') })
      this.#event = ''
      this.#data = []
      return
    }
    const colon = line.indexOf(':')
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'data') this.#data.push(value)
    else if (field === 'event') this.#event = value
  }
}

function nextBreak(text: string): number {
  return text.search(/[\r\n]/)
}

/** The events of a response body, until it ends. */
export async function* readEvents(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<ServerEvent> {
  const parser = new EventParser()
  // The parser knows the byte order mark; the decoder must not eat a second one.
  const text = body.pipeThrough(new TextDecoderStream('utf-8', { ignoreBOM: true })).getReader()
  try {
    for (let read = await text.read(); !read.done; read = await text.read()) yield* parser.feed(read.value)
  } finally {
    await text.cancel()
  }
}
