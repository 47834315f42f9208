/** tfjs's WebGPU backend with two of its habits changed. */
import { env } from '@tensorflow/tfjs-core'
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu'

/**
 * Dispatches of a submission, unless something is read back before; tfjs makes one of every 15. A step of tuning has
 * fewer. A limit at all, since some systems take a GPU for hung that works on one submission for seconds, and so that a
 * long pass begins before all of it is written down.
 */
const DISPATCHES = 512

/** Of a GPU that is a program on the CPU, in a browser: it is slow, and browsers watch it more closely. */
const WATCHED_DISPATCHES = 64

export function setSubmissions(software: boolean): void {
  const watched = software && !env().getBool('IS_NODE')
  env().set('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE', watched ? WATCHED_DISPATCHES : DISPATCHES)
}

/**
 * Gives the memory of a freed tensor to the next one that wants it, not only after the next submission: dispatches and
 * copies run in the order in which they are recorded, so who wrote or read it before has done so. Without this, all
 * temporaries of a submission stand in memory at once.
 */
export class GpuBackend extends WebGPUBackend {
  override disposeData(dataId: object, force = false): boolean {
    // Those whose memory tfjs keeps until then.
    const owned: unknown = Reflect.get(this, 'commandQueueOwnedIds')
    if (!(owned instanceof WeakSet)) throw new Error('GpuBackend: tfjs keeps its books in another way')
    owned.delete(dataId)
    return super.disposeData(dataId, force)
  }
}
