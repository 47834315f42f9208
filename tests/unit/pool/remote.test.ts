import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expose } from 'comlink'
import { afterEach, expect, test } from 'vitest'
import { answer, ask, toMember, type Answer } from '../../../workers/pool/remote.ts'
import { rejectionOf } from '../model/support.ts'

const ANSWER_BYTES = 4 * 2 ** 20
const CALLS = 50

type Api = {
  numbers(): Answer<Float32Array<ArrayBuffer>>
  never(): Answer<null>
}

let close = (): void => undefined
afterEach(() => close())

function memberOf(): ReturnType<typeof toMember<Api>> {
  const { port1, port2 } = new MessageChannel()
  const api: Api = {
    numbers: () =>
      answer(
        async () => await Promise.resolve(new Float32Array(ANSWER_BYTES / 4)),
        ({ buffer }) => [buffer],
      ),
    never: () => new Promise(() => undefined),
  }
  expose(api, port2)
  close = () => port2.close()
  return toMember<Api>(port1)
}

test('what a member has answered is not kept', async () => {
  const member = memberOf()
  const before = buffersAfterCollection()
  for (let call = 0; call < CALLS; call++) {
    expect(await ask(member, (api) => api.numbers())).toHaveLength(ANSWER_BYTES / 4)
  }
  expect(buffersAfterCollection() - before).toBeLessThan(10 * ANSWER_BYTES)
})

test('a call fails when the thread ends while it waits, and at once when it has ended', async () => {
  const member = memberOf()
  const waiting = rejectionOf(
    'device-lost',
    ask(member, (api) => api.never()),
  )
  close()
  await waiting
  await rejectionOf(
    'device-lost',
    ask(member, (api) => api.numbers()),
  )
})

/** Bytes outside V8's heap. */
function buffersAfterCollection(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  return process.memoryUsage().arrayBuffers
}
