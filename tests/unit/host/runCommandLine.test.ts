/** The command line as a process of its own: what a script around it sees. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'

const ENTRY = new URL('../../../workers/host/cli/runCommandLine.ts', import.meta.url).href

/** Runs code in which `runCommandLine` is the command line. */
function start(code: string, env: Readonly<Record<string, string>> = {}) {
  const script = `const { runCommandLine } = await import(${JSON.stringify(ENTRY)}); ${code}`
  return spawn(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...process.env, SOFTPOST_DEBUG: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function result(child: ReturnType<typeof start>) {
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { code, out, err }
}

test('an error is one line on standard error, and standard output stays empty', async () => {
  expect(await result(start("await runCommandLine(['srve', '--json'])"))).toEqual({
    code: 2,
    out: '',
    err: 'softpost: there is no command "srve"; did you mean serve?\n',
  })
})

test('its end waits for nothing that is still alive', async () => {
  const { code, out } = await result(start("setInterval(() => {}, 1000); await runCommandLine(['--version'])"))
  expect(code).toBe(0)
  expect(out).toMatch(/^\d+\.\d+\.\d+\n$/)
})

test('what an event handler throws is one line too, with the stack for who asks', async () => {
  // Thrown while the command's own file is still being read.
  const thrower =
    "const running = runCommandLine(['serve']); process.nextTick(() => { throw new Error('lost\\nin a handler') }); await running"
  expect(await result(start(thrower))).toEqual({ code: 1, out: '', err: 'softpost: lost\n' })
  expect((await result(start(thrower, { SOFTPOST_DEBUG: '1' }))).err).toMatch(/^softpost: lost\nError: lost\n/)
})

test('a reader that goes away ends it without a word', async () => {
  const child = start("await runCommandLine(['--help'])")
  child.stdout.destroy()
  const [err, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')])
  expect([code, err]).toEqual([141, ''])
})
