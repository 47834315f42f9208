import { wholeOf } from '../../model/byteSource.ts'
import { MODEL_FILES } from '../../model/manifest.ts'
import { loadTokenizer, type Tokenizer } from '../../model/tokenizer.ts'
import { SoftpostError } from '../../protocol/errors.ts'
import type { LoadFile } from '../../protocol/tuner.ts'
import type { ModelFolder } from '../modelFolder.ts'

/** The tokenizer of a model folder. Errors: `model-missing-file`, `tokenizer`. */
export function folderTokenizer({ manifest, files }: ModelFolder<LoadFile>): Tokenizer {
  const find = (name: string): Uint8Array<ArrayBuffer> | undefined => {
    const file = files.find((file) => file.name === name)
    return file && wholeOf(file)
  }
  const json = find(MODEL_FILES.tokenizer)
  if (json === undefined) {
    throw new SoftpostError('model-missing-file', `model ${manifest.id} has no ${MODEL_FILES.tokenizer}`, {
      data: { missing: [MODEL_FILES.tokenizer] },
    })
  }
  return loadTokenizer(json, find(MODEL_FILES.tokenizerConfig))
}
