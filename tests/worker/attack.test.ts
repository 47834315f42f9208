import { transfer } from 'comlink'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { AuditProgress } from '../../workers/protocol/audit.ts'
import { answerOf, BUDGET, closeSharedEngine, failureOf, sampleTask, Tab, TINY } from './support.ts'

let tab: Tab
let runId = ''
beforeAll(async () => {
  tab = await (await new Tab().open()).openSample(60)
  runId = await tab.start({ ...TINY, budget: BUDGET })
  await tab.untilStatus(runId, 'finished')
})
afterAll(async () => {
  tab.close()
  await closeSharedEngine()
})

const ports: MessagePort[] = []
afterEach(() => {
  for (const port of ports.splice(0)) port.close()
})

async function attack(id: string, onProgress: (progress: AuditProgress, port: MessagePort) => void = () => undefined) {
  const { port1, port2 } = new MessageChannel()
  ports.push(port1)
  port1.onmessage = ({ data }: MessageEvent<AuditProgress>) => onProgress(data, port1)
  return await tab.api.attack(id, transfer(port2, [port2]))
}

test('attacks prompts like that of the run, and says how well it did beside what ε allows', async () => {
  const shares: number[] = []
  const report = answerOf(await attack(runId, ({ share }) => void shares.push(share)))
  // Its figures are private ones, so the certificate says that they were seen.
  expect((await tab.run(runId)).seal).toBe('lifted')
  expect(report).toMatchObject({ shadows: 8, rows: 60, steps: 4, delta: BUDGET.delta })
  expect(report.epsilon).toBeLessThanOrEqual(BUDGET.epsilon)
  for (const { value, low, high } of [report.auc, report.tprAt1]) {
    expect(low).toBeLessThanOrEqual(high)
    for (const share of [value, low, high]) expect(share >= 0 && share <= 1).toBe(true)
  }
  expect(report.ceilingAt1).toBeGreaterThan(0.01)
  expect(report.ceilingAt1).toBeLessThan(1)
  expect(report.roc).toHaveLength(51)
  expect(shares.length).toBeGreaterThan(0)
})

test('stops when it is told to, and lets no run begin meanwhile', async () => {
  const { plan } = answerOf(await tab.api.plan(TINY))
  const begun: Promise<unknown>[] = []
  const stopped = await attack(runId, (_, port) => {
    if (begun.length === 0) begun.push(tab.api.start(plan).finally(() => port.postMessage('stop')))
  })
  failureOf('cancelled', stopped)
  failureOf('busy', (await Promise.all(begun))[0])
})

test('needs the run, its file and its task', async () => {
  failureOf('not-found', await attack('gone'))
  const task = await sampleTask()
  answerOf(await tab.api.setTask({ ...task, template: '{text} This is about' }))
  failureOf('conflict', await attack(runId))
  answerOf(await tab.api.setTask(task))
})
