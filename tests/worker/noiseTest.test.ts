import { transfer } from 'comlink'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AuditProgress, MechanismNumbers } from '../../workers/protocol/audit.ts'
import { answerOf, failureOf, Tab } from './support.ts'

let tab: Tab
beforeAll(() => {
  tab = new Tab()
})
afterAll(() => tab.close())

const MECHANISM: MechanismNumbers = { sampleRate: 0.2, sigma: 2, steps: 40, delta: 1e-5 }

async function testNoise(onProgress: (progress: AuditProgress, port: MessagePort) => void, mechanism = MECHANISM) {
  const { port1, port2 } = new MessageChannel()
  port1.onmessage = ({ data }: MessageEvent<AuditProgress>) => onProgress(data, port1)
  try {
    return await tab.api.testNoise(mechanism, transfer(port2, [port2]))
  } finally {
    port1.close()
  }
}

test('needs neither model nor file, and says what it found about the plan', async () => {
  const shares: number[] = []
  const { selfTest, canaries } = answerOf(await testNoise(({ share }) => void shares.push(share)))
  expect(selfTest.passed).toBe(true)
  expect(canaries).toMatchObject({ ...MECHANISM, canaries: 2_000, guesses: 100 })
  expect(canaries.epsilonLower).toBeLessThan(canaries.epsilon)
  expect(shares.length).toBeGreaterThan(1)
  expect(shares).toEqual([...shares].sort((a, b) => a - b))
})

test('stops when it is told to', async () => {
  failureOf('cancelled', await testNoise((_, port) => port.postMessage('stop')))
})

test('refuses numbers of no plan', async () => {
  failureOf('privacy-argument', await testNoise(() => undefined, { ...MECHANISM, sigma: 0 }))
})
