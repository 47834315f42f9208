/** The life of a transfer on both databases: it finishes once, whatever dies on the way. */
import { existsSync } from 'node:fs'
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MAX_ATTEMPTS } from '../../workers/host/queue/runner.ts'
import { PARTS, type TransferJob } from '../../workers/protocol/wire.ts'
import { BACKENDS, isOver, jobWhen, openHost, prepareGround, send, type Ground, type TestHost } from './support/host.ts'
import { hostProcess } from './support/processes.ts'
import { makeUpload, withWeights, promptFile } from './support/uploads.ts'

async function scriptFolder(ground: Ground): Promise<string> {
  const folder = join(ground.path, 'script')
  await mkdir(folder, { recursive: true })
  return folder
}

async function starts(folder: string): Promise<number[]> {
  return (await readFile(join(folder, 'starts'), 'utf8')).trim().split('\n').map(Number)
}

const isWorking = (job: TransferJob): boolean => job.state === 'running' && job.step >= 1

async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

/** Files of the data folder, outside of the embedded database, that hold these bytes. */
async function filesWith(bytes: Uint8Array, dataDir: string): Promise<string[]> {
  const found: string[] = []
  for (const file of await filesUnder(dataDir))
    if ((await readFile(file)).includes(Buffer.from(bytes))) found.push(file)
  return found
}

for (const backend of BACKENDS) {
  describe.runIf(backend.available)(`transfers on ${backend.name}`, () => {
    let database: Awaited<ReturnType<typeof backend.open>>
    beforeAll(async () => {
      database = await backend.open()
    })
    afterAll(() => database.close())

    async function withHost(run: (host: TestHost, ground: Ground) => Promise<void>): Promise<void> {
      await using ground = await prepareGround()
      await using host = await openHost(await database.fresh(ground))
      await run(host, ground)
    }

    test('a prompt becomes a prompt for the large model', async () => {
      await withHost(async (host, ground) => {
        const sent = await send(host.app, makeUpload(ground.models))
        expect(sent).toMatchObject({ state: 'queued', phase: 'waiting', error: null })
        const done = await jobWhen(host, sent.id, isOver)
        expect(done).toMatchObject({ state: 'finished', phase: 'done', step: 2, steps: 2, loss: 0.25, alpha: 0.5 })

        const single = await host.app.request(`/v1/transfers/${sent.id}/prompt/${PARTS.weights}`)
        const weights = new Uint8Array(await single.arrayBuffer())
        expect(weights).toEqual(promptFile(3, ground.models.teacher.width, () => 0.25))
        const folder = await (await host.app.request(`/v1/transfers/${sent.id}/prompt`)).formData()
        expect([...folder.keys()]).toEqual([PARTS.config, PARTS.weights])
        const file = folder.get(PARTS.weights)
        expect(file).toBeInstanceOf(File)
        expect(new Uint8Array(await (file as File).arrayBuffer())).toEqual(weights)
      })
    })

    test('the same upload twice, also at once, is one job and is run once', async () => {
      await withHost(async (host, ground) => {
        const folder = await scriptFolder(ground)
        const upload = makeUpload(ground.models, { does: 'finish', folder })
        const both = await Promise.all([send(host.app, upload), send(host.app, upload)])
        expect(new Set(both.map((job) => job.id)).size).toBe(1)
        await jobWhen(host, both[0].id, isOver)
        expect((await send(host.app, upload)).id).toBe(both[0].id)
        expect(await starts(folder)).toHaveLength(1)
        const other = withWeights(
          upload,
          promptFile(3, 4, () => 0.5),
        )
        expect((await send(host.app, other)).id).not.toBe(both[0].id)
      })
    })

    test('an error of the work ends the job with its code, and sending again starts anew', async () => {
      await withHost(async (host, ground) => {
        const folder = await scriptFolder(ground)
        const upload = makeUpload(ground.models, { does: 'fail', folder })
        const job = await send(host.app, upload)
        const over = await jobWhen(host, job.id, isOver)
        expect(over).toMatchObject({ state: 'failed', error: { code: 'label-word' } })
        expect(await starts(folder)).toHaveLength(1)
        expect((await host.app.request(`/v1/transfers/${job.id}/prompt`)).status).toBe(409)
        expect((await send(host.app, upload)).id).not.toBe(job.id)
      })
    })

    test('a result that is not finite never becomes one', async () => {
      await withHost(async (host, ground) => {
        const job = await send(host.app, makeUpload(ground.models, { does: 'not-finite' }))
        expect(await jobWhen(host, job.id, isOver)).toMatchObject({
          state: 'failed',
          error: { code: 'prompt-invalid' },
        })
      })
    })

    test('a process that is killed twice is started again and finishes once', async () => {
      await withHost(async (host, ground) => {
        const folder = await scriptFolder(ground)
        const job = await send(host.app, makeUpload(ground.models, { does: 'crash', times: 2, folder }))
        expect(await jobWhen(host, job.id, isOver)).toMatchObject({ state: 'finished', error: null })
        expect(await starts(folder)).toHaveLength(3)
        const kept = await readdir(join(ground.options.dataDir, 'transfers', job.id))
        expect(kept.filter((name) => name.startsWith('result-'))).toHaveLength(1)
        expect(kept.filter((name) => name.startsWith('attempt-'))).toHaveLength(0)
      })
    })

    test('kill -9 of the process from outside loses nothing', async () => {
      await withHost(async (host, ground) => {
        const folder = await scriptFolder(ground)
        const job = await send(host.app, makeUpload(ground.models, { does: 'finish', hold: true, folder }))
        await jobWhen(host, job.id, isWorking)
        const [pid = 0] = await starts(folder)
        await writeFile(join(folder, 'release'), '')
        process.kill(pid, 'SIGKILL')
        expect(await jobWhen(host, job.id, isOver)).toMatchObject({ state: 'finished' })
      })
    })

    test('a process that always dies fails the job after a few attempts', async () => {
      await withHost(async (host, ground) => {
        const folder = await scriptFolder(ground)
        const job = await send(host.app, makeUpload(ground.models, { does: 'crash', times: 100, folder }))
        expect(await jobWhen(host, job.id, isOver)).toMatchObject({ state: 'failed', error: { code: 'internal' } })
        expect(await starts(folder)).toHaveLength(MAX_ATTEMPTS)
      })
    })

    test('a restart in mid-job: what ran runs again, what was done is still there', async () => {
      await using ground = await prepareGround()
      const options = await database.fresh(ground)
      const folder = await scriptFolder(ground)
      const first = await openHost(options)
      const done = await send(first.app, makeUpload(ground.models))
      const finished = await jobWhen(first, done.id, isOver)
      const held = await send(first.app, makeUpload(ground.models, { does: 'finish', hold: true, folder }))
      await jobWhen(first, held.id, isWorking)
      const waiting = await send(first.app, makeUpload(ground.models))
      await first.close()

      await writeFile(join(folder, 'release'), '')
      await using second = await openHost(options)
      expect(await jobWhen(second, done.id, isOver)).toEqual(finished)
      expect(await jobWhen(second, held.id, isOver)).toMatchObject({ state: 'finished' })
      expect(await jobWhen(second, waiting.id, isOver)).toMatchObject({ state: 'finished' })
      expect(await starts(folder)).toHaveLength(2)
    })

    if (backend.shared) {
      test('two hosts on one database share the work and run each job once', async () => {
        await using ground = await prepareGround()
        const options = await database.fresh(ground)
        const folder = await scriptFolder(ground)
        await using first = await openHost(options)
        const held = await send(first.app, makeUpload(ground.models, { does: 'finish', hold: true, folder }))
        await jobWhen(first, held.id, isWorking)
        // The first host is busy: what it takes now, only the second can run.
        const second = await hostProcess(options)
        const quick = await Promise.all([1, 2, 3].map(() => send(first.app, makeUpload(ground.models))))
        for (const { id } of quick) expect(await jobWhen(first, id, isOver)).toMatchObject({ state: 'finished' })
        await writeFile(join(folder, 'release'), '')
        const events = await fetch(`${second.said}/v1/transfers/${held.id}/events`)
        expect(await events.text()).toContain('"state":"finished"')
        expect(await starts(folder)).toHaveLength(1)
        await second.kill()
      })
    }

    test('a row that was lost is made again from the file', async () => {
      await using ground = await prepareGround()
      const options = await database.fresh(ground)
      const folder = await scriptFolder(ground)
      const first = await openHost(options)
      const held = await send(first.app, makeUpload(ground.models, { does: 'finish', hold: true, folder }))
      await jobWhen(first, held.id, isWorking)
      const waiting = await send(first.app, makeUpload(ground.models))
      await first.deps.queue.remove(waiting.id)
      await first.close()
      await writeFile(join(folder, 'release'), '')
      await using second = await openHost(options)
      expect(await jobWhen(second, waiting.id, isOver)).toMatchObject({ state: 'finished' })
    })

    test('DELETE removes every byte of prompt and result', async () => {
      await withHost(async (host, ground) => {
        const upload = makeUpload(ground.models)
        const job = await send(host.app, upload)
        await jobWhen(host, job.id, isOver)
        const values = upload.weights.subarray(-48)
        expect(await filesWith(values, ground.options.dataDir)).toHaveLength(1)
        expect(await readdir(join(ground.options.dataDir, 'logits'))).toHaveLength(1)
        expect((await host.app.request(`/v1/transfers/${job.id}`, { method: 'DELETE' })).status).toBe(204)
        expect(await filesWith(values, ground.options.dataDir)).toEqual([])
        for (const name of ['transfers', 'keys', 'logits', 'incoming', 'trash']) {
          expect(await readdir(join(ground.options.dataDir, name))).toEqual([])
        }
        expect((await host.app.request(`/v1/transfers/${job.id}`)).status).toBe(404)
        expect((await host.app.request(`/v1/transfers/${job.id}`, { method: 'DELETE' })).status).toBe(404)
        expect(await host.deps.queue.row(job.id)).toBeNull()
      })
    })

    test('DELETE in mid-job stops the process, and the next job runs', async () => {
      await withHost(async (host, ground) => {
        const folder = await scriptFolder(ground)
        const job = await send(host.app, makeUpload(ground.models, { does: 'finish', hold: true, folder }))
        await jobWhen(host, job.id, isWorking)
        expect((await host.app.request(`/v1/transfers/${job.id}`, { method: 'DELETE' })).status).toBe(204)
        const next = await send(host.app, makeUpload(ground.models))
        expect(await jobWhen(host, next.id, isOver)).toMatchObject({ state: 'finished' })
        const [pid = 0] = await starts(folder)
        expect(() => process.kill(pid, 0)).toThrow()
        expect(existsSync(join(ground.options.dataDir, 'transfers', job.id))).toBe(false)
      })
    })

    test('after its time a transfer is not shown and then removed', async () => {
      await using ground = await prepareGround()
      let now = new Date('2026-01-01T00:00:00Z')
      await using host = await openHost(await database.fresh(ground), { now: () => now })
      const upload = makeUpload(ground.models)
      const job = await send(host.app, upload)
      expect(job.expiresAt).toBe('2026-01-08T00:00:00.000Z')
      await jobWhen(host, job.id, isOver)
      now = new Date('2026-01-07T23:59:59Z')
      expect((await host.app.request(`/v1/transfers/${job.id}`)).status).toBe(200)
      now = new Date('2026-01-08T00:00:00Z')
      expect((await host.app.request(`/v1/transfers/${job.id}`)).status).toBe(404)
      await host.deps.transfers.reconcile()
      expect(await filesWith(upload.weights.subarray(-48), ground.options.dataDir)).toEqual([])
      expect((await send(host.app, upload)).id).not.toBe(job.id)
    })

    test('a request is safe before the queue knows of it, and is run when the queue answers again', async () => {
      await using ground = await prepareGround()
      const options = await database.fresh(ground)
      const warnings: string[] = []
      const first = await openHost(options, { log: (level, message) => level === 'warn' && warnings.push(message) })
      await first.deps.queue.close()
      const job = await send(first.app, makeUpload(ground.models))
      expect(job.state).toBe('queued')
      expect(warnings.join()).toContain('waits for its row')
      expect((await first.app.request('/readyz')).status).toBe(503)
      await first.deps.transfers.stop()
      await first.deps.classifier.close()
      await using second = await openHost(options)
      expect(await jobWhen(second, job.id, isOver)).toMatchObject({ state: 'finished' })
    })

    test('a stored prompt that was damaged is told, not used', async () => {
      await using ground = await prepareGround()
      const options = await database.fresh(ground)
      const folder = await scriptFolder(ground)
      const first = await openHost(options)
      const held = await send(first.app, makeUpload(ground.models, { does: 'finish', hold: true, folder }))
      await jobWhen(first, held.id, isWorking)
      await first.close()
      await writeFile(
        join(options.dataDir, 'transfers', held.id, 'prompt', PARTS.weights),
        promptFile(3, 4, () => 0),
      )
      await using second = await openHost(options)
      const over = await jobWhen(second, held.id, isOver)
      expect(over).toMatchObject({ state: 'failed', error: { code: 'prompt-invalid' } })
      expect(await starts(folder)).toHaveLength(1)
    })

    test('what a process wrote after its transfer was deleted is cleared away', async () => {
      await withHost(async (host, ground) => {
        const job = await send(host.app, makeUpload(ground.models))
        await jobWhen(host, job.id, isOver)
        const folder = join(ground.options.dataDir, 'transfers', job.id)
        await rm(folder, { recursive: true })
        await mkdir(join(folder, 'attempt-late'), { recursive: true })
        await host.deps.transfers.reconcile()
        expect(existsSync(folder)).toBe(false)
      })
    })
  })
}
