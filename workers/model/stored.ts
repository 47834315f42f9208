/** Stored files with the hashes that their bytes have. */
import { SoftpostError } from '../protocol/errors.ts'
import type { LoadFile, StoredFile } from '../protocol/tuner.ts'
import { sourceOf, wholeOf } from './byteSource.ts'
import { sha256Hex } from './manifest.ts'
import { hashSource } from './sha256.ts'

/**
 * Hashes each stored file, once, before others rely on what they are told.
 * @throws SoftpostError `model-unknown` for one that has another hash than it should.
 */
export async function withHashes(files: readonly LoadFile[]): Promise<LoadFile[]> {
  return await Promise.all(files.map(async (file) => ('bytes' in file ? file : await hashed(file))))
}

/** Bytes that may stand in memory at once: the platform's own hash is ten times as fast, and takes all of a file. */
const WHOLE_BYTES = 2 ** 25

async function hashed(file: StoredFile): Promise<StoredFile> {
  const sha256 = file.sizeBytes <= WHOLE_BYTES ? await sha256Hex(wholeOf(file)) : hashSource(sourceOf(file))
  if (file.sha256 === null || file.sha256 === sha256) return { ...file, sha256 }
  throw new SoftpostError('model-unknown', `${file.name} is damaged: it is not the file that was asked for`, {
    data: { file: file.name },
  })
}
