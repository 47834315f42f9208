/**
 * Weights on disk, read where a tensor is taken: no thread holds a file in memory. Every thread that loads models has
 * to import this.
 */
import { createHash } from 'node:crypto'
import { closeSync, createReadStream, openSync, readSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { readPathsWith } from '../model/byteSource.ts'
import type { StoredFile } from '../protocol/tuner.ts'

function readPart(path: string, begin: number, end: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(end - begin)
  const file = openSync(path, 'r')
  try {
    let done = 0
    for (let read = -1; read !== 0 && done < bytes.byteLength; done += read) {
      read = readSync(file, bytes, done, bytes.byteLength - done, begin + done)
    }
    return bytes.subarray(0, done)
  } finally {
    closeSync(file)
  }
}

readPathsWith(readPart)

/** With the hash that it has now. */
export async function storedFile(name: string, path: string): Promise<StoredFile> {
  const hash = createHash('sha256')
  for await (const part of createReadStream(path, { highWaterMark: 2 ** 20 })) hash.update(part)
  return { name, stored: path, sizeBytes: (await stat(path)).size, sha256: hash.digest('hex') }
}
