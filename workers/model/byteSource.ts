/**
 * Bytes of a file by ranges, so that a model's weights are read tensor by tensor and never stand in memory as a file.
 * Reading is synchronous: whoever takes a tensor can use it at once.
 */
import { SoftpostError } from '../protocol/errors.ts'
import type { LoadFile } from '../protocol/tuner.ts'

export type ByteSource = {
  readonly sizeBytes: number
  /** Whether what `read` gives is the caller's own; else it is a view on memory that others see. */
  readonly isOwned: boolean
  /** @throws SoftpostError `model-missing-file` when the file is gone or has become shorter. */
  read(begin: number, end: number): Uint8Array<ArrayBuffer>
}

export function memorySource(bytes: Uint8Array<ArrayBuffer>): ByteSource {
  return { sizeBytes: bytes.byteLength, isOwned: false, read: (begin, end) => bytes.subarray(begin, end) }
}

/** Reads a part of a file on disk; Node sets it, and a browser has no paths. */
type ReadPath = (path: string, begin: number, end: number) => Uint8Array<ArrayBuffer>
let readPath: ReadPath | null = null

export function readPathsWith(read: ReadPath): void {
  readPath = read
}

/** Workers of a browser have it, pages and Node have not. */
type Platform = { readonly FileReaderSync?: new () => { readAsArrayBuffer(blob: Blob): ArrayBuffer } }

function readBlob(blob: Blob): Uint8Array<ArrayBuffer> | null {
  const { FileReaderSync } = globalThis as Platform
  return FileReaderSync ? new Uint8Array(new FileReaderSync().readAsArrayBuffer(blob)) : null
}

export function sourceOf(file: LoadFile): ByteSource {
  if ('bytes' in file) return memorySource(file.bytes)
  const { name, stored, sizeBytes } = file
  const readPart = (begin: number, end: number): Uint8Array<ArrayBuffer> => {
    const read = typeof stored === 'string' ? readPath?.(stored, begin, end) : readBlob(stored.slice(begin, end))
    if (read) return read
    throw new Error(`byteSource: nobody reads ${typeof stored === 'string' ? 'paths' : 'blobs'} here`)
  }
  return {
    sizeBytes,
    isOwned: true,
    read: (begin, end) => {
      const bytes = guarded(name, () => readPart(begin, end))
      if (bytes.byteLength === end - begin) return bytes
      throw gone(name)
    },
  }
}

/** All of a small file. */
export function wholeOf(file: LoadFile): Uint8Array<ArrayBuffer> {
  const source = sourceOf(file)
  return source.read(0, source.sizeBytes)
}

function guarded<T>(name: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw gone(name, error)
  }
}

function gone(name: string, cause?: unknown): SoftpostError {
  return new SoftpostError(
    'model-missing-file',
    `${name} was moved or changed while it was read; load the model again`,
    {
      cause,
      data: { missing: [name] },
    },
  )
}
