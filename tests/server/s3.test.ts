/** Transfers in a bucket, on a server that speaks S3 and checks signatures (s3rver). */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import S3rver from '@20minutes/s3rver'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startWorker } from '../../workers/host/cli/worker.ts'
import { readHostOptions } from '../../workers/host/config.ts'
import { QUEUED, type TransferRecord } from '../../workers/host/store/record.ts'
import { S3Client, type S3Options } from '../../workers/host/store/s3Client.ts'
import { S3Store } from '../../workers/host/store/s3Store.ts'
import { PARTS } from '../../workers/protocol/wire.ts'
import { temporaryFolder } from './support/folders.ts'
import { isOver, jobWhen, openHost, prepareGround, send } from './support/host.ts'
import { hasPostgres, startPostgres } from './support/postgres.ts'
import { SCRIPTS } from './support/scripts.ts'
import { makeUpload, promptFile } from './support/uploads.ts'

const BUCKET = 'softpost-test'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let server: S3rver
let endpoint: string
beforeAll(async () => {
  folder = await temporaryFolder()
  const place = { address: '127.0.0.1', port: 0, silent: true, directory: folder.path }
  server = new S3rver({ ...place, configureBuckets: [{ name: BUCKET }] })
  endpoint = `http://127.0.0.1:${(await server.run()).port}`
})
afterAll(async () => {
  await server.close()
  await folder[Symbol.asyncDispose]()
})

/** The account that s3rver knows. */
const options = (prefix: string): S3Options => ({
  endpoint,
  region: 'us-east-1',
  bucket: BUCKET,
  prefix,
  accessKeyId: 'S3RVER',
  secretAccessKey: 'S3RVER',
})

async function withStore(prefix: string, run: (store: S3Store, client: S3Client) => Promise<void>): Promise<void> {
  await using copies = await temporaryFolder()
  const client = new S3Client(options(prefix))
  const store = new S3Store(client, copies.path)
  await store.open()
  await run(store, client)
  await store.close()
  expect(await readdir(copies.path)).toEqual([])
}

describe('the store', () => {
  const record: TransferRecord = {
    version: 1,
    id: '8f6f9b1e-5f0c-4f57-9a53-0d6c2f4f9c11',
    tenant: 'anna',
    key: 'a'.repeat(64),
    request: makeUpload({ dir: '', student: info(4), teacher: info(6) }).request,
    teacher: { id: 'big', sha256: 'b'.repeat(64) },
    prompt: { configSha256: 'c'.repeat(64), weightsSha256: 'd'.repeat(64), sizeBytes: 10 },
    createdAt: '2026-01-01T00:00:00Z',
    expiresAt: '2026-01-08T00:00:00Z',
  }
  const prompt = { config: new TextEncoder().encode('{}'), weights: promptFile(3, 4, Math.sin) }
  const { id } = record

  test('keeps a transfer, its status and its first result', async () => {
    await withStore('first/', async (store) => {
      expect(await store.read(id)).toBeNull()
      await store.create(record, prompt)
      expect(await store.read(id)).toEqual({ record, status: QUEUED })
      expect((await store.findByKey(record.key))?.record.id).toBe(id)
      expect(await store.ids()).toEqual([id])
      expect(await store.writeStatus(id, { ...QUEUED, attempts: 1 }, { durable: true })).toBe(true)
      const attempt = await store.newAttempt(record)
      if (attempt === null) throw new Error('the transfer is there')
      expect((await readdir(attempt.promptDir)).sort()).toEqual([PARTS.config, PARTS.weights])
      // What was put in is what an attempt finds: here it hands it back as its result.
      const result = await store.adoptResult(id, { ...attempt, outDir: attempt.promptDir })
      expect(await store.adoptResult(id, { ...attempt, outDir: '/none' })).toBe(result)
      const handed = await store.resultFolder(id, result ?? '')
      expect(await readdir(handed ?? '')).toHaveLength(2)
      expect(store.handedOut()).toEqual([id])
      expect(await store.purge(id)).toEqual([handed])
      await attempt.discard()
    })
  })

  test('a purge leaves nothing, also of what is written while it runs and after', async () => {
    await withStore('second/', async (store, client) => {
      await store.create(record, prompt)
      const attempt = await store.newAttempt(record)
      if (attempt === null) throw new Error('the transfer is there')
      await store.purge(id)
      expect(await store.adoptResult(id, { ...attempt, outDir: attempt.promptDir })).toBeNull()
      expect(await store.writeStatus(id, QUEUED, { durable: true })).toBe(false)
      expect(await store.newAttempt(record)).toBeNull()
      expect((await client.list('')).objects).toEqual([])
      await attempt.discard()
    })
  })

  test('a folder without a record is an upload in progress until it is old', async () => {
    await withStore('third/', async (store, client) => {
      await client.put(`transfers/${id}/status.json`, '{}')
      await store.dropOrphan(id)
      expect((await client.list('')).objects).toHaveLength(1)
    })
  })

  test('wrong credentials and a missing bucket are told when it is opened', async () => {
    await using copies = await temporaryFolder()
    for (const wrong of [{ secretAccessKey: 'wrong' }, { bucket: 'softpost-other' }]) {
      const store = new S3Store(new S3Client({ ...options(''), ...wrong }), copies.path)
      await expect(store.open()).rejects.toMatchObject({ code: 'storage' })
      await store.close()
    }
  })
})

test.runIf(hasPostgres)('a host and a worker that share a bucket and no folder', async () => {
  const cluster = await startPostgres()
  await using ground = await prepareGround()
  await using elsewhere = await temporaryFolder()
  try {
    const shared = { ...ground.options, s3: options('fleet/'), databaseUrl: await cluster.newDatabase() }
    await using host = await openHost({ ...shared, works: false })
    const monitor = { host: '127.0.0.1', port: 0 }
    const worker = await startWorker({ ...shared, dataDir: elsewhere.path, monitor }, { script: SCRIPTS.transfer })
    const watched = `http://127.0.0.1:${worker.monitorPort}`
    expect(await (await fetch(`${watched}/readyz`)).json()).toMatchObject({ ready: true })
    const upload = makeUpload(ground.models)
    const job = await send(host.app, upload)
    expect(await jobWhen(host, job.id, isOver)).toMatchObject({ state: 'finished', error: null })
    expect(await (await fetch(`${watched}/metrics`)).text()).toContain('softpost_transfer_attempts_total 1\n')
    expect((await fetch(`${watched}/v1/transfers/${job.id}`)).status).toBe(404)
    expect((await send(host.app, upload)).id).toBe(job.id)
    const weights = await host.app.request(`/v1/transfers/${job.id}/prompt/${PARTS.weights}`)
    expect(new Uint8Array(await weights.arrayBuffer())).toEqual(promptFile(3, 6, () => 0.25))
    const classify = { method: 'POST', body: '{"texts":["a"]}' }
    expect((await host.app.request(`/v1/prompts/${job.id}/classify`, classify)).status).toBe(200)

    expect((await host.app.request(`/v1/transfers/${job.id}`, { method: 'DELETE' })).status).toBe(204)
    expect((await new S3Client(options('fleet/')).list('')).objects).toEqual([])
    for (const copies of [join(ground.options.dataDir, 'copies'), join(elsewhere.path, 'copies')]) {
      for (const own of await readdir(copies)) expect(await readdir(join(copies, own))).toEqual([])
    }
    await worker.close()
    await expect(fetch(`${watched}/healthz`)).rejects.toThrow()
  } finally {
    await cluster.stop()
  }
})

test('the address of a bucket is read once, and its secrets come from the environment', () => {
  const secrets = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_REGION: 'eu-central-1' }
  const { s3 } = readHostOptions({ store: 's3://bucket/some/folder/' }, secrets)
  expect(s3).toEqual({
    endpoint: 'https://s3.eu-central-1.amazonaws.com',
    region: 'eu-central-1',
    bucket: 'bucket',
    prefix: 'some/folder/',
    accessKeyId: 'a',
    secretAccessKey: 'b',
  })
  expect(readHostOptions({ store: 's3://bucket' }, { ...secrets, AWS_ENDPOINT_URL: endpoint }).s3).toMatchObject({
    endpoint,
    prefix: '',
  })
  expect(() => readHostOptions({ store: 's3://bucket' }, {})).toThrow('--store needs AWS_ACCESS_KEY_ID')
  for (const store of ['bucket', 's3://', 's3://b/../c?d', 'https://b/c']) {
    expect(() => readHostOptions({ store }, secrets)).toThrow(/--store is not valid/)
  }
})

function info(width: number) {
  const name = `model-${width}`
  const text = { name, description: '', licence: '', architecture: 'gpt2' }
  const sizes = { layers: 1, width, vocabulary: 8, parameters: 1 }
  return { id: name, role: 'student' as const, teacher: null, ...text, ...sizes, sha256: 'e'.repeat(64), files: [] }
}
