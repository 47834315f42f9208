/** What a GPU says of commands that it refuses, and when. The device is the test's: no driver fails on demand. */
import { beforeEach, describe, expect, it } from 'vitest'
import { computeError } from '../../../workers/pool/computeError.ts'
import { toReport } from '../../../workers/protocol/errors.ts'
import { watchFailures, type Watch } from '../../../workers/runtime/gpuFailures.ts'

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
async function codeOf(watch: Watch): Promise<string> {
  const nothing = new Promise<null>((resolve) => void setTimeout(() => resolve(null), 20))
  const error = await Promise.race([watch.failed, nothing])
  return error === null ? NOTHING : toReport(computeError(error)).code
}

describe('a watched GPU', () => {
  let device: Device
  let watch: () => Watch
  beforeEach(() => {
    Object.assign(globalThis, { GPUOutOfMemoryError: OutOfMemory })
    device = new Device()
    watch = watchFailures(device as unknown as GPUDevice)
  })

  it('is silent while all goes well', async () => {
    expect(await codeOf(watch())).toBe(NOTHING)
  })

  it('tells a refused command from a lack of memory, which smaller parts can mend', async () => {
    const first = watch()
    device.refuse(new Validation('binding 3 is missing\nin the layout'))
    expect(await codeOf(first)).toBe('device-lost')
    first.end()
    const second = watch()
    device.refuse(new OutOfMemory('no room'))
    expect(await codeOf(second)).toBe('out-of-memory')
    second.end()
    expect(await codeOf(watch())).toBe(NOTHING)
  })

  it('keeps what comes between two calls for the second', async () => {
    watch().end()
    device.refuse(new Validation('late'))
    const next = watch()
    expect(await codeOf(next)).toBe('device-lost')
    next.end()
    expect(await codeOf(watch())).toBe(NOTHING)
  })

  it('tells every call that the device is gone', async () => {
    device.lose({ reason: 'destroyed', message: '' })
    expect(await codeOf(watch())).toBe('device-lost')
    expect(await codeOf(watch())).toBe('device-lost')
  })
})
