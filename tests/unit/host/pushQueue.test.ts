import { expect, test } from 'vitest'
import { PushQueue } from '../../../workers/host/work/pushQueue.ts'

async function taken(queue: PushQueue<number>): Promise<{ values: number[]; error: unknown }> {
  const values: number[] = []
  try {
    for await (const value of queue) values.push(value)
  } catch (error) {
    return { values, error }
  }
  return { values, error: null }
}

test('gives what was pushed, before and while it is read, and ends', async () => {
  const queue = new PushQueue<number>()
  queue.push(1)
  const reading = taken(queue)
  await Promise.resolve()
  queue.push(2)
  queue.push(3)
  queue.end()
  expect(await reading).toEqual({ values: [1, 2, 3], error: null })
})

test('fails behind what was pushed, by the first end alone', async () => {
  const queue = new PushQueue<number>()
  const error = new Error('over')
  queue.push(1)
  queue.fail(error)
  queue.end()
  expect(await taken(queue)).toEqual({ values: [1], error })
})
