import 'fake-indexeddb/auto'
import { openDB } from 'idb'
import { describe, expect, it, vi } from 'vitest'
import { readPreference, writePreference } from '../../../src/storage/preferences.ts'
import type { SentTransfer } from '../../../src/storage/schema.ts'
import { forgetTransfer, listTransfers, saveTransfer } from '../../../src/storage/sentTransfers.ts'
import { jobFixture } from './support.ts'

function transfer(jobId: string, sentAt: number): SentTransfer {
  return {
    jobId,
    runId: 'run',
    studentId: 'demo-student',
    teacherName: 'Demo teacher',
    publicSet: 'clinc150',
    alpha: 'auto',
    sentAt,
    sizeBytes: 24_000,
    promptSha256: 'ab'.repeat(32),
    epsilon: 8,
    job: { ...jobFixture, id: jobId },
  }
}

describe('what the page keeps in the browser', () => {
  it('finds sent transfers again, newest first, as they were last seen', async () => {
    await saveTransfer(transfer('a', 1))
    await saveTransfer(transfer('b', 2))
    await saveTransfer({ ...transfer('a', 1), job: { ...jobFixture, id: 'a', state: 'finished' } })
    const listed = await listTransfers()
    expect(listed.map(({ jobId, job }) => `${jobId} ${job.state}`)).toEqual(['b running', 'a finished'])
    await forgetTransfer('a')
    expect((await listTransfers()).map(({ jobId }) => jobId)).toEqual(['b'])
  })

  it('keeps preferences', async () => {
    expect(await readPreference('hostKey')).toBeUndefined()
    await writePreference('hostKey', 'a-secret-key')
    expect(await readPreference('hostKey')).toBe('a-secret-key')
  })

  it('makes way for a newer version in another tab, and says that it cannot go on here', async () => {
    await listTransfers()
    const newer = await openDB('softpost-app', 2, { upgrade: () => undefined })
    await expect(listTransfers()).rejects.toMatchObject({ code: 'storage' })
    newer.close()
  })

  it('says so where the browser keeps nothing', async () => {
    vi.resetModules()
    vi.stubGlobal('indexedDB', {
      open: () => {
        throw new DOMException('no', 'SecurityError')
      },
    })
    const { listTransfers } = await import('../../../src/storage/sentTransfers.ts')
    await expect(listTransfers()).rejects.toMatchObject({ code: 'storage' })
    vi.unstubAllGlobals()
  })
})
