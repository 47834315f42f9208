/** A host that notes what a worker lets out, by TCP and by UDP, with and without the policy of our workers. */
import { createSocket } from 'node:dgram'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const POLICY = "default-src 'none'; script-src 'wasm-unsafe-eval'; connect-src blob:"

type Seen = { readonly requests: readonly string[]; readonly datagrams: number }

/** Says "tried" when every way was tried for long enough. */
const PAGE = (kind: string) => `<!doctype html><title>ways out</title><script>
  new Worker('/worker-${kind}.js').onmessage = () => document.write('tried')
</script>`

/** `fetch` and its kin, each to an address with its name. */
const WORKER = (datagrams: number) => `
const ways = {
  fetch: (url) => fetch(url),
  XMLHttpRequest: (url) => { const request = new XMLHttpRequest(); request.open('GET', url); request.send() },
  WebSocket: (url) => new WebSocket(url.replace('http', 'ws')),
  EventSource: (url) => new EventSource(url),
  import: (url) => import(url),
  Worker: (url) => new Worker(url),
  WebTransport: (url) => new WebTransport('https://127.0.0.1:${datagrams}/').ready,
}
const tried = Object.entries(ways).map(async ([name, go]) => {
  try { await go(location.origin + '/out?' + name) } catch { /* What counts is seen at the other end. */ }
})
Promise.race([Promise.all(tried), new Promise((resolve) => setTimeout(resolve, 3000))])
  .then(() => new Promise((resolve) => setTimeout(resolve, 2000)))
  .then(() => postMessage('tried'))
`

export async function startWaysOut() {
  let requests: string[] = []
  let datagrams = 0
  const socket = createSocket('udp4')
  socket.on('message', () => (datagrams += 1))
  await new Promise<void>((resolve) => {
    socket.bind(0, '127.0.0.1', resolve)
  })
  const server = createServer((request, response) => {
    const { pathname, search } = new URL(request.url ?? '/', 'http://host')
    const kind = pathname.includes('sealed') ? 'sealed' : 'open'
    if (pathname === '/out') requests.push(search.slice(1))
    if (pathname.startsWith('/worker-')) {
      response.setHeader('Content-Type', 'text/javascript')
      if (kind === 'sealed') response.setHeader('Content-Security-Policy', POLICY)
      response.end(WORKER(socket.address().port))
    } else if (pathname === '/sealed' || pathname === '/open') {
      response.setHeader('Content-Type', 'text/html').end(PAGE(kind))
    } else response.end('{}')
  })
  server.on('upgrade', (request, socket) => {
    requests.push(new URL(request.url ?? '/', 'http://host').search.slice(1))
    socket.destroy()
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    // A TCP server's address is never the string of a pipe.
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** What came since the last call. */
    seen: (): Seen => {
      const now = { requests, datagrams }
      requests = []
      datagrams = 0
      return now
    },
    end: async (): Promise<void> => {
      socket.close()
      server.closeAllConnections()
      await new Promise((resolve) => {
        server.close(resolve)
      })
    },
  }
}
