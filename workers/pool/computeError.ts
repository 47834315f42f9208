/** Errors of the tensor runtime as errors that a caller can act on. */
import { SoftpostError } from '../protocol/errors.ts'

/** What engines say when memory ends: V8's and SpiderMonkey's arrays, emscripten's heap, WebGPU's buffers. */
const OUT_OF_MEMORY =
  /out of memory|allocation failed|cannot enlarge memory|array buffer allocation|memory access out of bounds|OOM/i

export function computeError(error: unknown): unknown {
  if (error instanceof SoftpostError || !(error instanceof Error)) return error
  if (!OUT_OF_MEMORY.test(error.message)) return error
  return new SoftpostError(
    'out-of-memory',
    'the device has too little free memory for this; close other pages and programs, or use a shorter prompt',
    { cause: error },
  )
}
