/** What a GPU says of commands that it refuses, and when. The device is the test's: no driver fails on demand. */
import { beforeEach, describe, expect, it } from 'vitest'
import { computeError } from '../../../workers/pool/computeError.ts'
import { toReport } from '../../../workers/protocol/errors.ts'
import { interruptible, type Interrupt } from '../../../workers/protocol/interrupt.ts'
import { afterWord, watchFailures } from '../../../workers/runtime/gpuFailures.ts'

class OutOfMemory extends Error {}
class Validation extends Error {}

class Device extends EventTarget {
  lose: (info: { reason: string; message: string }) => void = () => undefined
  readonly lost = new Promise((resolve) => (this.lose = resolve))

  refuse(error: Error): void {
    this.dispatchEvent(Object.assign(new Event('uncapturederror'), { error }))
  }
}

const NOTHING = 'nothing'
/** What is told to who watches, within a moment in which `meanwhile` happens. */
async function toldTo(watch: Interrupt, meanwhile: () => void = () => undefined): Promise<string> {
  const moment = Promise.withResolvers<string>()
  const work = () => {
    meanwhile()
    setTimeout(() => moment.resolve(NOTHING), 20)
    return moment.promise
  }
  return await interruptible(work, watch).catch((error: unknown) => toReport(computeError(error)).code)
}

describe('a watched GPU', () => {
  let device: Device
  let watch: Interrupt
  beforeEach(() => {
    Object.assign(globalThis, { GPUOutOfMemoryError: OutOfMemory })
    device = new Device()
    watch = watchFailures(device as unknown as GPUDevice)
  })

  it('is silent while all goes well', async () => {
    expect(await toldTo(watch)).toBe(NOTHING)
  })

  it('tells a refused command from a lack of memory, which smaller parts can mend', async () => {
    expect(await toldTo(watch, () => device.refuse(new Validation('binding 3 is missing\nin the layout')))).toBe(
      'device-lost',
    )
    expect(await toldTo(watch, () => device.refuse(new OutOfMemory('no room')))).toBe('out-of-memory')
    expect(await toldTo(watch)).toBe(NOTHING)
  })

  it('keeps what comes between two calls for the second', async () => {
    expect(await toldTo(watch)).toBe(NOTHING)
    device.refuse(new Validation('late'))
    expect(await toldTo(watch)).toBe('device-lost')
    expect(await toldTo(watch)).toBe(NOTHING)
  })

  it('names the loss where a pending read of a buffer fails first', async () => {
    const aborted = new DOMException('Buffer was unmapped before mapping was resolved.', 'AbortError')
    setTimeout(() => device.lose({ reason: 'destroyed', message: '' }), 20)
    const failing = interruptible(() => afterWord(() => Promise.reject(aborted)), watch)
    await expect(failing).rejects.toMatchObject({ code: 'device-lost' })
  })

  it('leaves other failures of the work as they are', async () => {
    const failure = new RangeError('too long')
    await expect(interruptible(() => afterWord(() => Promise.reject(failure)), watch)).rejects.toBe(failure)
  })

  it('tells every call that the device is gone', async () => {
    expect(await toldTo(watch, () => device.lose({ reason: 'destroyed', message: '' }))).toBe('device-lost')
    expect(await toldTo(watch)).toBe('device-lost')
    expect(await toldTo(watch)).toBe('device-lost')
  })
})
