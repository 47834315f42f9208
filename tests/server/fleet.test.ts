/**
 * Hosts, workers and databases that are killed in the middle of many transfers: each transfer finishes, once. With
 * LONG=1 the full count.
 */
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { HostOptions } from '../../workers/host/config.ts'
import { TransferStatus } from '../../workers/host/store/record.ts'
import { TransferJob } from '../../workers/protocol/wire.ts'
import { prepareGround, type Ground } from './support/host.ts'
import { hostProcess, workerProcess, type TestProcess } from './support/processes.ts'
import { hasPostgres, startPostgres, type Cluster } from './support/postgres.ts'
import { HELD_STEP, makeUpload, toForm } from './support/uploads.ts'

const isLong = process.env['LONG'] === '1'
const LIMIT_MS = isLong ? 600_000 : 200_000

async function send(host: TestProcess, ground: Ground, folder: string): Promise<string> {
  const body = toForm(makeUpload(ground.models, { does: 'finish', folder, lastsMs: 200, hold: true }))
  const sent = await fetch(`${host.said}/v1/transfers`, { method: 'POST', body })
  expect(sent.status).toBe(202)
  return TransferJob.parse(await sent.json()).id
}

async function statuses({ dataDir }: HostOptions): Promise<TransferStatus[]> {
  const folder = join(dataDir, 'transfers')
  const read = async (id: string) =>
    TransferStatus.parse(JSON.parse(await readFile(join(folder, id, 'status.json'), 'utf8')))
  return await Promise.all((await readdir(folder)).map(read))
}

const until = async (look: () => Promise<void>) => await vi.waitFor(look, { timeout: LIMIT_MS, interval: 100 })

async function finished(options: HostOptions, count: number): Promise<void> {
  await until(async () => {
    const over = (await statuses(options)).filter(({ state }) => state === 'finished')
    expect(over.length).toBeGreaterThanOrEqual(count)
  })
}

type Held = {
  readonly pid: number
  /** Called when no transfer can end any more: to see to it that there is one for `pid` too. */
  readonly supply?: () => Promise<void>
}

/** Lets no transfer end until `act` is done, which begins once one of `pid` is in mid-compute. */
async function inMidCompute(
  options: HostOptions,
  folder: string,
  { pid, supply }: Held,
  act: () => Promise<void>,
): Promise<void> {
  await rm(join(folder, 'release'))
  await supply?.()
  await until(async () => {
    const held = (await statuses(options)).filter(({ step, state }) => step === HELD_STEP && state === 'running')
    expect(held.map(({ runner }) => runner?.pid)).toContain(pid)
  })
  await act()
  await writeFile(join(folder, 'release'), '')
}

/** Every transfer has one result and no attempt left over, and began again `atLeast` to `atMost` times in all. */
async function expectOnce(
  options: HostOptions,
  folder: string,
  jobs: number,
  [atLeast, atMost]: readonly [number, number],
): Promise<void> {
  const all = await statuses(options)
  expect(all.map(({ state }) => state)).toEqual(all.map(() => 'finished'))
  expect(all).toHaveLength(jobs)
  for (const id of await readdir(join(options.dataDir, 'transfers'))) {
    const names = await readdir(join(options.dataDir, 'transfers', id))
    expect(names.filter((name) => name.startsWith('result-'))).toHaveLength(1)
    expect(names.filter((name) => name.startsWith('attempt-'))).toHaveLength(0)
  }
  const starts = (await readFile(join(folder, 'starts'), 'utf8')).trim().split('\n').length
  expect(starts).toBeGreaterThanOrEqual(jobs + atLeast)
  expect(starts).toBeLessThanOrEqual(jobs + atMost)
  if (isLong) console.info(`${jobs} transfers, ${starts} starts`)
}

async function scriptFolder(ground: Ground): Promise<string> {
  const folder = join(ground.path, 'script')
  await mkdir(folder)
  await writeFile(join(folder, 'release'), '')
  return folder
}

describe.runIf(hasPostgres)('two workers on PostgreSQL', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startPostgres()
  })
  afterAll(() => cluster.stop())

  test(
    'a worker, the host and the database are killed in turn: every transfer finishes once',
    async () => {
      const jobs = isLong ? 40 : 8
      await using ground = await prepareGround()
      const options = { ...ground.options, databaseUrl: await cluster.newDatabase(), works: false }
      const folder = await scriptFolder(ground)
      const alive = new Set<TestProcess>()
      const up = async (starting: Promise<TestProcess>) => {
        const started = await starting
        alive.add(started)
        return started
      }
      try {
        // The first one makes the tables.
        const host = await up(hostProcess(options))
        const [victim] = await Promise.all([up(workerProcess(options)), up(workerProcess(options))])
        for (let job = 0; job < jobs - 3; job += 1) await send(host, ground, folder)

        await finished(options, 1)
        await inMidCompute(options, folder, victim, () => victim.kill())
        const third = await up(workerProcess(options))

        await finished(options, Math.floor(jobs / 3))
        await host.kill()
        const second = await up(hostProcess(options))

        await finished(options, Math.floor(jobs / 2))
        // All before may be done by now: one for each worker.
        const supply = async () => {
          for (let job = 0; job < 2; job += 1) await send(second, ground, folder)
        }
        await inMidCompute(options, folder, { pid: third.pid, supply }, () => cluster.crash())
        // Taken while there is no queue: the file comes first.
        await send(second, ground, folder)
        await cluster.restart()

        await finished(options, jobs)
        // The killed worker's transfer began again; those of both workers may have when their rows were lost.
        await expectOnce(options, folder, jobs, [1, 3])
      } finally {
        for (const one of alive) await one.kill()
      }
    },
    LIMIT_MS,
  )
})

describe('one host on the embedded database', () => {
  test(
    'the host is killed at work: every transfer finishes once',
    async () => {
      const [jobs, kills] = isLong ? [40, 5] : [4, 1]
      await using ground = await prepareGround()
      const { options } = ground
      const folder = await scriptFolder(ground)
      let host = await hostProcess(options)
      try {
        for (let job = 0; job < jobs; job += 1) await send(host, ground, folder)
        for (let kill = 0; kill < kills; kill += 1) {
          await finished(options, 1 + kill * 5)
          await inMidCompute(options, folder, host, () => host.kill())
          host = await hostProcess(options)
        }
        await finished(options, jobs)
        await expectOnce(options, folder, jobs, [kills, kills])
      } finally {
        await host.kill()
      }
    },
    LIMIT_MS,
  )
})
