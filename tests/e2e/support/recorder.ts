/**
 * An HTTP proxy between the browser and everything else, loopback included. It writes down each byte that the browser
 * sends, passes requests on to the host alone, and refuses all other addresses.
 */
import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type SentRequest = {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

export class Recorder {
  readonly sent: SentRequest[] = []
  /** Addresses other than the host's, and tunnels, that the browser tried to reach. */
  readonly elsewhere: string[] = []
  readonly #server = createServer((request, response) => void this.#pass(request, response))
  readonly #host: string

  private constructor(host: string) {
    this.#host = host
    this.#server.on('connect', (request, socket) => {
      this.elsewhere.push(`CONNECT ${request.url}`)
      socket.destroy()
    })
    this.#server.on('upgrade', (request, socket) => {
      this.elsewhere.push(`upgrade ${request.url}`)
      socket.destroy()
    })
  }

  /** @param host of the one address that requests are passed on to, such as `localhost:8787`. */
  static async start(host: string): Promise<Recorder> {
    const recorder = new Recorder(host)
    await new Promise<void>((resolve) => {
      recorder.#server.listen(0, '127.0.0.1', resolve)
    })
    return recorder
  }

  get address(): string {
    // A TCP server's address is never the string of a pipe.
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => {
      this.#server.close(resolve)
    })
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const url = new URL(request.url ?? '', `http://${this.#host}`)
    const { method = '', headers } = request
    if (url.host !== this.#host) {
      this.elsewhere.push(`${method} ${url.href}`)
      response.writeHead(502).end()
      return
    }
    this.sent.push({ method, url, headers, body })
    const onward = forward(url, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    // A stream of events that the browser leaves is left here too.
    response.on('close', () => onward.destroy())
    onward.end(body)
  }
}

/** The parts of a multipart body by name, byte for byte. */
export function readMultipart({ headers, body }: SentRequest): ReadonlyMap<string, Buffer> {
  const boundary = /boundary="?([^";]+)"?/.exec(String(headers['content-type']))?.[1]
  if (boundary === undefined) throw new Error('the request is not multipart')
  const parts = new Map<string, Buffer>()
  const mark = Buffer.from(`--${boundary}`)
  let at = body.indexOf(mark)
  for (;;) {
    const start = at + mark.length
    if (body.subarray(start, start + 2).toString() === '--') return parts
    const next = body.indexOf(mark, start)
    const headEnd = body.indexOf('\r\n\r\n', start)
    if (next < 0 || headEnd < 0) throw new Error('the multipart body is cut short')
    const name = /name="([^"]+)"/.exec(body.subarray(start, headEnd).toString())?.[1] ?? ''
    parts.set(name, body.subarray(headEnd + 4, next - 2))
    at = next
  }
}
