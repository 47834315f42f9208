/** The architectures that we run, by `model_type`. */
import { SoftpostError } from '../../protocol/errors.ts'
import type { Architecture } from '../transformer/blueprint.ts'
import { BERT, ROBERTA } from './bert.ts'
import { GPT2 } from './gpt2.ts'
import { LLAMA, QWEN2 } from './llama.ts'

const ARCHITECTURES: readonly Architecture[] = [GPT2, LLAMA, QWEN2, ROBERTA, BERT]

/** @throws SoftpostError `model-unknown` for one that we do not run. */
export function architectureOf(type: string): Architecture {
  const found = ARCHITECTURES.find((architecture) => architecture.type === type)
  if (found) return found
  const known = ARCHITECTURES.map((architecture) => architecture.type).join(', ')
  throw new SoftpostError('model-unknown', `config.json: model_type "${type}" is not supported; supported: ${known}`)
}
