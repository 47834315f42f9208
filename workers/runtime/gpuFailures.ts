/** What goes wrong on a GPU after its commands were sent: none of it throws where the commands are made. */
import { SoftpostError } from '../protocol/errors.ts'
import type { Interrupt } from '../protocol/interrupt.ts'

/**
 * Tells of the GPU's loss and of refused commands. A refused command leaves old numbers where its results should be, so
 * what is computed meanwhile must not be used. An error that comes while nobody watches is kept for who watches next.
 */
export function watchFailures(device: GPUDevice): Interrupt {
  let gone: Error | null = null
  let kept: Error | null = null
  const watchers = new Set<(why: Error) => void>()
  const tellAll = (error: Error) => {
    for (const tell of watchers) tell(error)
  }
  const watchLoss = async () => {
    const { reason, message } = await device.lost
    gone = lost(`the GPU is gone (${message || reason})`)
    tellAll(gone)
  }
  void watchLoss()
  device.addEventListener('uncapturederror', ({ error }) => {
    const failure = errorOf(error)
    if (watchers.size === 0) kept ??= failure
    else tellAll(failure)
  })
  return (tell) => {
    const known = gone ?? kept
    kept = null
    if (known !== null) tell(known)
    watchers.add(tell)
    return () => void watchers.delete(tell)
  }
}

/** The word of a loss follows within a turn or two of what fails for it; longer than this there was none. */
const WORD_MS = 2_000

/**
 * The same work. A pending read of a buffer fails before anybody is told that its device is gone: such a failure waits
 * for that word, so that whoever watches meanwhile hears of the loss and not of the buffer.
 */
export async function afterWord<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (isBufferFailure(error)) await new Promise((resolve) => void setTimeout(resolve, WORD_MS))
    throw error
  }
}

/** What `GPUBuffer.mapAsync` rejects with when its buffer or its device goes. */
function isBufferFailure(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'OperationError')
}

function errorOf(error: GPUError): Error {
  if (error instanceof GPUOutOfMemoryError) return new Error(`out of memory: ${error.message}`)
  return lost(`the GPU refused a command (${error.message.split('\n', 1)[0] ?? ''})`)
}

function lost(what: string): SoftpostError {
  return new SoftpostError('device-lost', `${what}; go on from the last checkpoint`)
}
