/** The embedded database: one host at a time, and a broken one costs nothing but time. */
import { existsSync } from 'node:fs'
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { HostOptions } from '../../workers/host/config.ts'
import { lockFolder } from '../../workers/host/queue/lock.ts'
import { BACKENDS, isOver, jobWhen, openHost, prepareGround, send } from './support/host.ts'
import { temporaryFolder } from './support/folders.ts'
import { makeUpload } from './support/uploads.ts'

const [embedded] = BACKENDS
let database: Awaited<ReturnType<(typeof embedded)['open']>>
beforeAll(async () => {
  database = await embedded.open()
})
afterAll(() => database.close())

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
  const options = await database.fresh(ground)
  const first = await openHost(options)
  await expect(openHost(options)).rejects.toMatchObject({ code: 'conflict' })
  await first.close()
  await using second = await openHost(options)
  expect((await second.app.request('/readyz')).status).toBe(200)
})

test.for([
  ['emptied control file', async (queue: string) => await writeFile(join(queue, 'global', 'pg_control'), '')],
  ['another version', async (queue: string) => await writeFile(join(queue, 'PG_VERSION'), '9\n')],
  ['torn catalogue', tearCatalogue],
] as const)('a broken database (%s) is moved aside and built anew from the files', async ([, breakIt]) => {
  await using ground = await prepareGround()
  const options: HostOptions = await database.fresh(ground)
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
  expect(warnings).toHaveLength(1)
  expect(warnings[0]).toMatch(
    /^the queue's database does not open \(.+\); moved to .+queue\.broken-[\dTZ-]+ and built anew$/,
  )
  expect((await readdir(options.dataDir)).filter((name) => name.startsWith('queue.broken-'))).toHaveLength(1)
  expect(existsSync(join(options.dataDir, 'queue', 'PG_VERSION'))).toBe(true)
  expect(await jobWhen(second, done.id, isOver)).toEqual(finished)
  expect(await jobWhen(second, held.id, isOver)).toMatchObject({ state: 'finished' })
})

/** Overwrites every table of the databases with noise, as a failing disk would. */
async function tearCatalogue(queue: string): Promise<void> {
  const base = join(queue, 'base')
  for (const entry of await readdir(base, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) await writeFile(join(entry.parentPath, entry.name), 'torn '.repeat(2_000))
  }
}
