/** What goes wrong on a GPU after its commands were sent: none of it throws where the commands are made. */
import { SoftpostError } from '../protocol/errors.ts'

/** `failed` settles when the GPU is gone or has refused a command; never where all goes well. */
export type Watch = { readonly failed: Promise<Error>; readonly end: () => void }

/**
 * A refused command leaves old numbers where its results should be, so what is computed meanwhile must not be used. An
 * error that comes while nobody watches is kept for who watches next.
 */
export function watchFailures(device: GPUDevice): () => Watch {
  let gone: Error | null = null
  let kept: Error | null = null
  let tell: ((error: Error) => void) | null = null
  // A promise of each watch alone is settled: one for all of them would keep whatever was raced with it.
  const onLost = ({ reason, message }: GPUDeviceLostInfo): void => {
    gone = lost(`the GPU is gone (${message || reason})`)
    tell?.(gone)
  }
  void device.lost.then(onLost)
  device.addEventListener('uncapturederror', ({ error }) => {
    const failure = errorOf(error)
    if (tell === null) kept ??= failure
    else tell(failure)
  })
  return () => {
    const failed = new Promise<Error>((resolve) => {
      tell = resolve
      const known = gone ?? kept
      if (known !== null) resolve(known)
      kept = null
    })
    return { failed, end: () => void (tell = null) }
  }
}

/** The work's result, or a throw as soon as the watch reports a failure: a GPU that is gone answers no more. */
export async function watched<T>({ failed, end }: Watch, work: () => T | Promise<T>): Promise<T> {
  const refused = failed.then((error): never => {
    throw error
  })
  return await Promise.race([work(), refused]).finally(end)
}

function errorOf(error: GPUError): Error {
  if (error instanceof GPUOutOfMemoryError) return new Error(`out of memory: ${error.message}`)
  return lost(`the GPU refused a command (${error.message.split('\n', 1)[0] ?? ''})`)
}

function lost(what: string): SoftpostError {
  return new SoftpostError('device-lost', `${what}; go on from the last checkpoint`)
}
