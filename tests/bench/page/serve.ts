/** The benchmark's page by the development server: nothing of it is in the site. */
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { createServer } from 'vite'

export async function servePage(port: number): Promise<void> {
  const root = fileURLToPath(new URL('../../../', import.meta.url))
  const server = await createServer({ root, server: { port, strictPort: true, host: '127.0.0.1' }, logLevel: 'warn' })
  await server.listen()
  process.stderr.write(
    `bench: open http://localhost:${port}/tests/bench/page/index.html, or parity.html beside it for reference numbers; Ctrl-C ends it\n`,
  )
}
