import { expect, test } from 'vitest'
import { EventPort } from '../../../workers/browser/eventPort.ts'
import type { TunerEvent } from '../../../workers/protocol/tuner.ts'

const point = (step: number) => ({ step, loss: 1, accuracy: 0.5, covered: true, epsilon: 1 })
const stepEvent = (step: number) =>
  ({ type: 'step', runId: 'r', point: point(step), stepsDone: step, examplesPerSecond: 1, secondsLeft: 1 }) as const

/** What has arrived on the other side once `count` events are there. */
async function received(port: MessagePort, count: number): Promise<TunerEvent[]> {
  const events: TunerEvent[] = []
  await new Promise<void>((resolve) => {
    port.onmessage = ({ data }: MessageEvent<TunerEvent>) => {
      events.push(data)
      if (events.length === count) resolve()
    }
  })
  return events
}

test('sends steps no faster than the page can draw, and the last one before anything else', async () => {
  let now = 0
  const { port1, port2 } = new MessageChannel()
  const events = new EventPort(() => now)
  events.connect(port1)
  // A thousand steps in ten seconds.
  for (let step = 1; step <= 1_000; step++) {
    now = step * 10
    events.send(stepEvent(step))
  }
  events.send({ type: 'status', runId: 'r', status: 'finished' })
  events.send({ type: 'status', runId: 'other', status: 'running' })
  const last = (await received(port2, 80)).slice(-3)
  port1.close()
  expect(last.map((event) => (event.type === 'step' ? event.point.step : event.type))).toEqual([
    1_000,
    'status',
    'status',
  ])
  expect(last.map(({ seq }) => seq)).toEqual([77, 78, 79])
})

test('counts what it sends, not what nobody listened to', async () => {
  const events = new EventPort(() => 0)
  events.send({ type: 'status', runId: 'r', status: 'running' })
  const { port1, port2 } = new MessageChannel()
  events.connect(port1)
  events.send({ type: 'checkpoint', runId: 'r', step: 2 })
  expect(await received(port2, 1)).toEqual([{ type: 'checkpoint', runId: 'r', step: 2, seq: 0 }])
  port1.close()
})
