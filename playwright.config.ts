/** Journeys through the real host and the built page, in a real browser. `npm run test:e2e` prepares both. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { defineConfig } from '@playwright/test'
import { findChromium } from './workers/host/launch/chromium.mjs'

/** Every process of the run loads this file; the first one decides, the others inherit. */
const PORT = 'SOFTPOST_E2E_PORT'
const DATA_DIR = 'SOFTPOST_E2E_DATA_DIR'

const port = (process.env[PORT] ??= String(await freePort()))
const dataDir = (process.env[DATA_DIR] ??= newDataDir())
const url = `http://localhost:${port}`

/** Nothing of the browser's own on the wire, so that a test can watch it. */
const QUIET = [
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-features=AutofillServerCommunication',
  '--no-first-run',
]
// Chromium's sandbox does not start as root.
const AS_ROOT = process.getuid?.() === 0 ? ['--no-sandbox'] : []
const executablePath = findChromium()

/** @param args on top of those that every browser gets */
function launchedWith(...args: readonly string[]) {
  return { args: [...AS_ROOT, ...QUIET, ...args], ...(executablePath === null ? {} : { executablePath }) }
}

/** Enough for every stage to run; the full number is for a person who waits, and for `test:long`. */
const QUICK = process.env['LONG'] === undefined ? ['--transfer-steps', '12'] : []

export default defineConfig({
  testDir: 'tests/e2e',
  outputDir: 'test-results',
  // Software devices are lost when several work at once.
  workers: 1,
  fullyParallel: false,
  forbidOnly: process.env['CI'] !== undefined,
  // CI shares two cores between browser, host and software GPU.
  timeout: 10 * 60_000,
  expect: { timeout: 30_000 },
  reporter: [['list']],
  use: {
    baseURL: url,
    browserName: 'chromium',
    actionTimeout: 30_000,
    navigationTimeout: 60_000,
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
  },
  projects: [
    { name: 'wasm', testIgnore: /\.webgpu\.spec\.ts$/, use: { launchOptions: launchedWith() } },
    {
      name: 'webgpu',
      testMatch: /\.webgpu\.spec\.ts$/,
      use: { launchOptions: launchedWith('--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader') },
    },
  ],
  webServer: {
    command: [
      'node',
      'workers/host/launch.mjs',
      'softpost',
      'serve',
      '--port',
      port,
      '--data-dir',
      dataDir,
      ...QUICK,
    ].join(' '),
    url: `${url}/healthz`,
    timeout: 120_000,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 10_000 },
  },
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  await new Promise((resolve) => {
    server.close(resolve)
  })
  if (address === null || typeof address === 'string') throw new Error('this machine gave no free port')
  return address.port
}

function newDataDir(): string {
  const folder = mkdtempSync(join(tmpdir(), 'softpost-e2e-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}
