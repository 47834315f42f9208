import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import { openDB } from 'idb'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { RunStore } from '../../../workers/browser/storage/runStore.ts'
import { WORK_VERSION, type StoredRun } from '../../../workers/browser/storage/schema.ts'
import { linearRows, planOf, zeroState } from '../tune/support.ts'
import { rejectionOf } from '../model/support.ts'

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory()
})

const rows = linearRows(20)
const state = zeroState()

function runOf(runId: string, more: Partial<StoredRun> = {}): StoredRun {
  return {
    runId,
    createdAt: 1,
    dataName: 'rows.csv',
    plan: planOf(rows, { steps: 10 }),
    student: { id: 'student', sha256: 'a'.repeat(64), layers: 2 },
    labelTokens: [[1], [2]],
    status: 'running',
    stepsDone: 0,
    stepsSpent: 0,
    epsilonSpent: null,
    points: [],
    heldOut: null,
    error: null,
    ...more,
  }
}

async function storeWith(run = runOf('one')): Promise<RunStore> {
  const store = new RunStore()
  await store.create(run, { rows, state })
  return store
}

describe('a run', () => {
  test('is read back as it was stored, by another connection too', async () => {
    await storeWith()
    const store = new RunStore()
    expect(await store.read('one')).toEqual(runOf('one'))
    expect(await store.readRows('one')).toEqual(rows)
    expect(await store.readState('one')).toEqual(state)
  })

  test('is listed newest first, and gone when deleted', async () => {
    const store = await storeWith()
    await store.create(runOf('two', { createdAt: 5 }), { rows, state })
    await store.create(runOf('three', { createdAt: 3 }), { rows, state })
    expect((await store.list()).map(({ runId }) => runId)).toEqual(['two', 'three', 'one'])
    await store.delete('three')
    expect((await store.list()).map(({ runId }) => runId)).toEqual(['two', 'one'])
    await rejectionOf('not-found', store.read('three'))
    await rejectionOf('not-found', store.readRows('three'))
    await rejectionOf('not-found', store.readState('three'))
  })

  test('keeps its rows until it is over, and its prompt beyond', async () => {
    const store = await storeWith()
    for (const status of ['paused', 'failed', 'running'] as const) {
      await store.setStatus('one', status)
      expect(await store.readRows('one')).toEqual(rows)
    }
    await store.setStatus('one', 'stopped')
    await rejectionOf('not-found', store.readRows('one'))
    expect(await store.readState('one')).toEqual(state)
    expect((await store.read('one')).status).toBe('stopped')
  })

  test('says why it failed until it goes on', async () => {
    const store = await storeWith()
    const error = { code: 'device-lost', message: 'the GPU is gone' } as const
    await store.setStatus('one', 'failed', error)
    expect((await store.read('one')).error).toEqual(error)
    await store.setStatus('one', 'running')
    expect((await store.read('one')).error).toBeNull()
  })

  test('that is not there cannot be changed', async () => {
    const store = new RunStore()
    await rejectionOf('not-found', store.setStatus('none', 'paused'))
    await rejectionOf('not-found', store.reserve('none', { stepsSpent: 1, epsilonSpent: null }))
    await rejectionOf('not-found', store.checkpoint('none', { state, points: [], heldOut: null }))
    expect(await store.list()).toEqual([])
  })
})

describe('the budget', () => {
  test('is only ever spent, up to the plan', async () => {
    const store = await storeWith()
    await store.reserve('one', { stepsSpent: 3, epsilonSpent: 1.5 })
    expect(await new RunStore().read('one')).toMatchObject({ stepsSpent: 3, epsilonSpent: 1.5 })
    for (const stepsSpent of [0, 2, 3, 11]) {
      await rejectionOf('internal', store.reserve('one', { stepsSpent, epsilonSpent: 0 }))
    }
    await store.reserve('one', { stepsSpent: 10, epsilonSpent: 8 })
    expect(await store.read('one')).toMatchObject({ stepsSpent: 10, epsilonSpent: 8 })
  })

  test('stays when a checkpoint is older than it', async () => {
    const store = await storeWith()
    await store.reserve('one', { stepsSpent: 6, epsilonSpent: null })
    const points = [{ step: 1, loss: 1, accuracy: 0.5, covered: false, epsilon: null }]
    await store.checkpoint('one', { state: { ...state, stepsDone: 4 }, points, heldOut: null })
    expect(await store.read('one')).toMatchObject({ stepsDone: 4, stepsSpent: 6, points })
    expect((await store.readState('one')).stepsDone).toBe(4)
  })

  test('of two that reserve at once is spent once', async () => {
    const store = await storeWith()
    const both = [store, new RunStore()].map((each) => each.reserve('one', { stepsSpent: 2, epsilonSpent: null }))
    const outcomes = await Promise.allSettled(both)
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })
})

describe('storage that fails', () => {
  test('a newer version of the database is left alone', async () => {
    const newer = await openDB('softpost-work', WORK_VERSION + 1)
    const { message } = await rejectionOf('storage', new RunStore().list())
    expect(message).toContain('reload')
    newer.close()
  })

  test('an upgrade gets the connection, and the store opens it anew afterwards', async () => {
    const store = await storeWith()
    const newer = await openDB('softpost-work', WORK_VERSION + 1)
    await rejectionOf('storage', store.list())
    newer.close()
  })

  test('a browser that keeps nothing is said to', async () => {
    globalThis.indexedDB = Object.assign(new IDBFactory(), {
      open: () => {
        throw new DOMException('The operation is insecure.', 'SecurityError')
      },
    })
    const { message } = await rejectionOf('storage', new RunStore().list())
    expect(message).toContain('SecurityError')
  })

  test('no room is no room, and the next try starts afresh', async () => {
    const store = await storeWith()
    const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('no room', 'QuotaExceededError')
    })
    try {
      const { message } = await rejectionOf('storage', store.reserve('one', { stepsSpent: 1, epsilonSpent: null }))
      expect(message).toContain('no room')
    } finally {
      put.mockRestore()
    }
    expect((await store.read('one')).stepsSpent).toBe(0)
    await store.reserve('one', { stepsSpent: 1, epsilonSpent: null })
    expect((await store.read('one')).stepsSpent).toBe(1)
  })
})
