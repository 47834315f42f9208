/** The tokenizer of a model's files, as its architecture reads texts. */
import { SoftpostError } from '../protocol/errors.ts'
import type { LoadFile } from '../protocol/tuner.ts'
import { wholeOf } from './byteSource.ts'
import { readBlueprint } from './load.ts'
import { MODEL_FILES } from './manifest.ts'
import { loadTokenizer, type Tokenizer } from './tokenizer.ts'

/**
 * A causal model has no mask token, whatever its tokenizer knows: texts are read at their end.
 * @throws SoftpostError `model-missing-file`, `model-unknown`; `tokenizer` for a masked model without a mask token.
 */
export function modelTokenizer(files: readonly LoadFile[]): Tokenizer {
  const find = (name: string): Uint8Array<ArrayBuffer> | undefined => {
    const file = files.find((file) => file.name === name)
    return file && wholeOf(file)
  }
  const json = find(MODEL_FILES.tokenizer)
  if (json === undefined) {
    throw new SoftpostError('model-missing-file', `the model has no ${MODEL_FILES.tokenizer}; download it again`, {
      data: { missing: [MODEL_FILES.tokenizer] },
    })
  }
  const tokenizer = loadTokenizer(json, find(MODEL_FILES.tokenizerConfig))
  if (readBlueprint(files).kind === 'causal') return { ...tokenizer, maskTokenId: null }
  if (tokenizer.maskTokenId !== null) return tokenizer
  throw new SoftpostError(
    'tokenizer',
    `the model fills in a mask token, and its tokenizer names none; add "mask_token" to ${MODEL_FILES.tokenizerConfig}`,
  )
}
