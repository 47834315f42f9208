/** A worker that measures one spec: its first message. Each further one is a question. */
import { Measured, type Question } from '../measured.ts'
import type { Spec } from '../types.ts'
import { browserPlatform } from './browserPlatform.ts'

let measured: Promise<Measured> | null = null

addEventListener('message', ({ data }: MessageEvent<Spec | Question>) => {
  void answer(data).then(
    (value) => postMessage(value),
    (error: unknown) => postMessage({ kind: 'failed', reason: String(error) }),
  )
})

async function answer(message: Spec | Question): Promise<unknown> {
  if (typeof message !== 'string') {
    measured = Measured.open(message, browserPlatform)
    return (await measured).opened
  }
  if (measured === null) throw new Error('nothing was opened')
  return await (await measured).answer(message)
}
