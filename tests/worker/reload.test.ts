import { describe, expect, test } from 'vitest'
import { evaluationSteps } from '../../workers/tune/schedule.ts'
import type { Engine } from '../../workers/pool/types.ts'
import { SoftpostError } from '../../workers/protocol/errors.ts'
import { answerOf, BUDGET, engineTuning, failureOf, tabsOfEachTest, TINY } from './support.ts'

const newTab = tabsOfEachTest()

/** Rows that measure the plan's time and are no step. */
function isDummy({ examples }: Parameters<Engine['tune']>[0]): boolean {
  return examples.every(({ ids }) => ids.every((id) => id === 0))
}

/** An engine that answers so many tuning calls after the plan was measured, and then never again: a tab that is gone. */
function dying(calls: number): { readonly openEngine: () => Promise<Engine>; readonly dead: Promise<void> } {
  const dead = Promise.withResolvers<void>()
  let left = calls
  const openEngine = async () =>
    await engineTuning(async (tune, batch) => {
      if (isDummy(batch) || left-- > 0) return await tune(batch)
      dead.resolve()
      return await new Promise<never>(() => undefined)
    })
  return { openEngine, dead: dead.promise }
}

/** As the GPU's engine: it is lost in each of these steps, counted over all engines, and can be opened again. */
function losing(lostIn: readonly number[]) {
  const opened = { engines: 0, batches: [] as Parameters<Engine['tune']>[0][] }
  let calls = 0
  const openEngine = async (): Promise<Engine> => {
    opened.engines++
    let isLost = false
    const engine = await engineTuning(async (tune, batch) => {
      if (isDummy(batch)) return await tune(batch)
      calls++
      opened.batches.push(batch)
      isLost ||= lostIn.includes(calls)
      if (isLost) throw new SoftpostError('device-lost', 'the GPU is gone (test)')
      return await tune(batch)
    })
    return Object.assign(engine, { report: { ...engine.report, backend: 'webgpu' as const } })
  }
  return { openEngine, opened }
}

/** What the browser does with the lock of a tab that has ended. */
async function letGo(runId: string): Promise<void> {
  await navigator.locks.request(`softpost-run-${runId}`, { steal: true }, () => undefined)
}

/** An empty sample, which no engine hears of, is one in 10^9. */
const plan = { ...TINY, budget: BUDGET, batchSize: 20, steps: 12, checkpointEvery: 3 }

describe('a tab that is closed in mid-step', () => {
  test('leaves a run that goes on elsewhere; what its block spent stays spent', async () => {
    const { openEngine, dead } = dying(4)
    const tab = await (await newTab({ openEngine }).open()).openSample()
    const runId = await tab.start(plan)
    await dead
    await letGo(runId)

    const next = await newTab().open()
    const left = await next.run(runId)
    // Three steps were saved; the fourth was done and the fifth begun, in a block that is spent up to the sixth.
    expect(left).toMatchObject({ status: 'paused', stepsDone: 3, stepsSpent: 6 })
    expect(left.points.map(({ step }) => step)).toEqual([1, 2, 3])
    expect(left.epsilonSpent).toBeGreaterThan(0)

    // The new tab has opened no file: rows, task and plan come from the stored run.
    answerOf(await next.api.resume(runId))
    await next.untilStatus(runId, 'finished')
    const done = await next.run(runId)
    expect(done).toMatchObject({ status: 'finished', stepsDone: 9, stepsSpent: 12 })
    expect(done.points.map(({ step }) => step)).toEqual([1, 2, 3, 7, 8, 9, 10, 11, 12])
    expect(done.epsilonSpent).toBe(done.plan.privacy?.epsilonPlanned)
    const looks = next.events.filter(({ type }) => type === 'held-out').length
    expect(looks).toBeLessThanOrEqual([...evaluationSteps(done.plan)].filter((place) => place > 6).length)
    expect(answerOf(await next.api.release(runId)).certificate.privacy?.steps).toBe(12)
    answerOf(await next.api.predict(runId, 'my card is lost'))
  })

  test('in the last block leaves nothing to run, and a prompt to release', async () => {
    const { openEngine, dead } = dying(10)
    const tab = await (await newTab({ openEngine }).open()).openSample()
    const runId = await tab.start(plan)
    await dead
    await letGo(runId)
    const next = await newTab().open()
    expect(await next.run(runId)).toMatchObject({ stepsDone: 9, stepsSpent: 12, status: 'paused' })
    answerOf(await next.api.resume(runId))
    await next.untilStatus(runId, 'finished')
    expect(next.events.filter(({ type }) => type === 'step')).toEqual([])
    answerOf(await next.api.release(runId))
  })

  test('can be stopped or deleted from another, without its model', async () => {
    const { openEngine, dead } = dying(1)
    const tab = await (await newTab({ openEngine }).open()).openSample()
    const runId = await tab.start({ ...plan, checkpointEvery: 1 })
    await dead
    await letGo(runId)
    const next = newTab()
    failureOf('conflict', await next.api.resume(runId))
    answerOf(await next.api.stop(runId))
    expect((await next.run(runId)).status).toBe('stopped')
    answerOf(await next.api.deleteRun(runId))
    expect(answerOf(await next.api.runs()).map((run) => run.runId)).not.toContain(runId)
  })
})

describe('an engine that fails', () => {
  test('fails the run with its reason; it can be taken up again', async () => {
    let broken = true
    const openEngine = async () =>
      await engineTuning(async (tune, batch) => {
        if (broken && !isDummy(batch)) throw new Error('the device was unplugged')
        return await tune(batch)
      })
    const tab = await (await newTab({ openEngine }).open()).openSample()
    const runId = await tab.start(plan)
    const failed = await tab.until(({ type }) => type === 'failed')
    expect(failed).toMatchObject({ runId, error: { code: 'internal', message: 'the device was unplugged' } })
    await expect.poll(async () => (await tab.run(runId)).status).toBe('failed')
    failureOf('conflict', await tab.api.release(runId))
    broken = false
    answerOf(await tab.api.resume(runId))
    await tab.untilStatus(runId, 'finished')
    expect(await tab.run(runId)).toMatchObject({ stepsDone: 9, stepsSpent: 12 })
  })
})

describe('a GPU that is lost', () => {
  test('is opened again, and the step is finished with the same batch', async () => {
    const { openEngine, opened } = losing([5])
    const tab = await (await newTab({ openEngine }).open()).openSample()
    const runId = await tab.start(plan)
    await tab.untilStatus(runId, 'finished')
    expect(opened.engines).toBe(2)
    expect(await tab.run(runId)).toMatchObject({ stepsDone: 12, stepsSpent: 12 })
    expect(opened.batches).toHaveLength(13)
    expect(opened.batches[5]).toEqual(opened.batches[4])
    expect(opened.batches[6]).not.toEqual(opened.batches[5])
    expect(tab.events.filter(({ type }) => type === 'failed')).toEqual([])
  })

  test('is not opened for ever where it gets nowhere', async () => {
    const { openEngine, opened } = losing([5, 6])
    const tab = await (await newTab({ openEngine }).open()).openSample()
    const runId = await tab.start(plan)
    expect(await tab.until(({ type }) => type === 'failed')).toMatchObject({ error: { code: 'device-lost' } })
    expect(opened.engines).toBe(2)
    await expect.poll(async () => (await tab.run(runId)).status).toBe('failed')
    expect(await tab.run(runId)).toMatchObject({ stepsDone: 3, stepsSpent: 6 })
  })
})
