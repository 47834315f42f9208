/** The embedded database: one host at a time, and a broken one costs nothing but time. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { expect, test, vi } from 'vitest'
import { lockFolder } from '../../workers/host/queue/lock.ts'
import { isOver, jobWhen, openHost, prepareGround, send } from './support/host.ts'
import { temporaryFolder } from './support/folders.ts'
import { makeUpload } from './support/uploads.ts'

const RUN_HOST = fileURLToPath(new URL('support/runHost.ts', import.meta.url))

test('a second host on the same folder is told who has it', async () => {
  await using folder = await temporaryFolder()
  const lock = await lockFolder(folder.path)
  await expect(lockFolder(folder.path)).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining(`process ${process.pid}`),
  })
  await lock.release()
  const again = await lockFolder(folder.path)
  await again.release()
})

test('a pid file that a killed host left behind locks nobody out', async () => {
  await using folder = await temporaryFolder()
  await writeFile(join(folder.path, 'host.pid'), String(process.ppid))
  const lock = await lockFolder(folder.path)
  expect(await readFile(join(folder.path, 'host.pid'), 'utf8')).toBe(String(process.pid))
  await lock.release()
})

test('a host gives its folder back', async () => {
  await using ground = await prepareGround()
  const { options } = ground
  const first = await openHost(options)
  await expect(openHost(options)).rejects.toMatchObject({ code: 'conflict' })
  await first.close()
  await using second = await openHost(options)
  expect((await second.app.request('/readyz')).status).toBe(200)
})

test.for([
  ['no control file', async (queue: string) => await rm(join(queue, 'global', 'pg_control'))],
  ['torn catalogue', tearCatalogue],
] as const)('a broken database (%s) is moved aside and built anew from the files', async ([, breakIt]) => {
  await using ground = await prepareGround()
  const { options } = ground
  const first = await openHost(options)
  const done = await send(first.app, makeUpload(ground.models))
  const finished = await jobWhen(first, done.id, isOver)
  const script = { does: 'finish', hold: true, folder: ground.path } as const
  const held = await send(first.app, makeUpload(ground.models, script))
  await jobWhen(first, held.id, (job) => job.state === 'running')
  await first.close()
  await breakIt(join(options.dataDir, 'queue'))
  await writeFile(join(ground.path, 'release'), '')

  const warnings: string[] = []
  await using second = await openHost(options, { log: (level, message) => level === 'warn' && warnings.push(message) })
  expect(warnings).toHaveLength(2)
  expect(warnings[0]).toContain('for one machine')
  expect(warnings[1]).toMatch(
    /^the queue's database does not open \(.+\); moved to .+queue\.broken-[\dTZ-]+ and built anew$/,
  )
  expect((await readdir(options.dataDir)).filter((name) => name.startsWith('queue.broken-'))).toHaveLength(1)
  expect(existsSync(join(options.dataDir, 'queue', 'PG_VERSION'))).toBe(true)
  expect(await jobWhen(second, done.id, isOver)).toEqual(finished)
  expect(await jobWhen(second, held.id, isOver)).toMatchObject({ state: 'finished' })
})

test('a host killed during its very first start costs nothing', async () => {
  await using ground = await prepareGround()
  const { dataDir } = ground.options
  await rm(join(dataDir, 'queue'), { recursive: true })
  const first = spawn(process.execPath, [RUN_HOST, JSON.stringify(ground.options)], { stdio: 'ignore' })
  const ended = once(first, 'exit')
  // The moment at which there is something that is not yet a database.
  await vi.waitFor(async () => expect(await readdir(join(dataDir, 'queue'))).not.toEqual([]), {
    timeout: 120_000,
    interval: 5,
  })
  first.kill('SIGKILL')
  await ended
  await using second = await openHost(ground.options)
  const job = await send(second.app, makeUpload(ground.models))
  expect(await jobWhen(second, job.id, isOver)).toMatchObject({ state: 'finished' })
})

/** Overwrites every table of the databases with noise, as a failing disk would. */
async function tearCatalogue(queue: string): Promise<void> {
  const base = join(queue, 'base')
  for (const entry of await readdir(base, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) await writeFile(join(entry.parentPath, entry.name), 'torn '.repeat(2_000))
  }
}
