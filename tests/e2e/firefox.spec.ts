/**
 * Debian's Firefox: one journey on WASM, from the model to an answer, and what it does with the worker's policy, which it
 * does not always say. With LONG=1, where there is a Firefox.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { expect, test } from '@playwright/test'
import { SHELL_COPY, STEP_COPY } from '../../src/app/copy.ts'
import type { StepId } from '../../src/app/navigation.ts'
import { DATA_COPY } from '../../src/features/data/copy.ts'
import { MODEL_COPY } from '../../src/features/model/copy.ts'
import { PRIVACY_COPY } from '../../src/features/privacy/copy.ts'
import { TRY_COPY } from '../../src/features/tryout/copy.ts'
import { TUNE_COPY } from '../../src/features/tune/copy.ts'
import { findFirefox } from '../../workers/host/launch/firefox.mjs'
import { PARTS } from '../../workers/protocol/wire.ts'
import { smallFile } from './support/files.ts'
import { Firefox } from './support/firefox.ts'
import { startWaysOut } from './support/waysOut.ts'

const LONG_MS = 8 * 60_000
const program = findFirefox()

test('tunes and tries a private prompt in Firefox', async ({ baseURL }) => {
  test.skip(process.env['LONG'] === undefined || program === null, 'for the long tests, where there is a Firefox')
  test.setTimeout(30 * 60_000)
  const folder = mkdtempSync(join(tmpdir(), 'softpost-e2e-'))
  const { name, buffer } = smallFile('own.csv')
  writeFileSync(join(folder, name), buffer)
  const firefox = await Firefox.start(program ?? '')
  const next = async (step: StepId) => {
    await firefox.press(SHELL_COPY.next(STEP_COPY[step].name))
    await firefox.sees(STEP_COPY[step].title, LONG_MS)
  }
  try {
    await firefox.goto(baseURL ?? '')
    expect(await firefox.evaluate(() => navigator.userAgent)).toContain('Firefox/')
    expect(await firefox.evaluate(() => String(crossOriginIsolated))).toBe('true')
    await firefox.press('Load the model')
    await firefox.sees(MODEL_COPY.ready.title, LONG_MS)
    await firefox.sees(MODEL_COPY.probe.someSilent(4, 3), LONG_MS)
    await next('data')
    await firefox.choose('input[type=file]', join(folder, name))
    await firefox.sees(DATA_COPY.task.ready.title, LONG_MS)
    await next('privacy')
    await firefox.press(PRIVACY_COPY.knobs.summary)
    for (const [id, value] of [
      ['promptLength', '5'],
      ['batchSize', '16'],
      ['steps', '20'],
    ] as const) {
      await firefox.type(PRIVACY_COPY.knobs.name[id], value)
    }
    await firefox.sees('20, ', LONG_MS)
    await next('tune')
    await firefox.press(TUNE_COPY.start.button)
    await firefox.sees(TUNE_COPY.run.finishedHint, LONG_MS)
    await next('try')
    await firefox.type(TRY_COPY.label, 'Did a parrot eat my card?')
    await firefox.press(TRY_COPY.ask)
    await firefox.sees(TRY_COPY.withPrompt, LONG_MS)
    await next('send')
    await firefox.sees(PARTS.weights, LONG_MS)
  } finally {
    await firefox.end()
    rmSync(folder, { recursive: true, force: true })
  }
})

test('Firefox lets nothing out of a worker under our policy, whether it says so or not', async () => {
  test.skip(process.env['LONG'] === undefined || program === null, 'for the long tests, where there is a Firefox')
  const out = await startWaysOut()
  const firefox = await Firefox.start(program ?? '')
  try {
    await firefox.goto(`${out.address}/sealed`)
    await firefox.sees('tried', LONG_MS)
    expect(out.seen()).toEqual({ requests: [], datagrams: 0 })
    // The same attempts without the policy get through, so that silence means refusal.
    await firefox.goto(`${out.address}/open`)
    await firefox.sees('tried', LONG_MS)
    const { requests, datagrams } = out.seen()
    expect(requests.toSorted()).toEqual(['EventSource', 'WebSocket', 'Worker', 'XMLHttpRequest', 'fetch', 'import'])
    expect(datagrams).toBeGreaterThan(0)
  } finally {
    await firefox.end()
    await out.end()
  }
})
