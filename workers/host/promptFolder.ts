/** Soft prompts as PEFT folders on disk. */
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readPeft, writePeft, type PeftWords } from '../prompt/peft.ts'
import type { SoftPrompt } from '../prompt/softPrompt.ts'
import { Certificate } from '../protocol/certificate.ts'
import { SoftpostError } from '../protocol/errors.ts'
import type { WeightFormat } from '../protocol/tuning.ts'
import { PARTS } from '../protocol/wire.ts'
import { isMissing, writeFileAtomically } from './store/atomic.ts'

/** Beside a prompt that `softpost tune` or the page made. */
export const CERTIFICATE = 'certificate.json'

/**
 * What the weights of the model were rounded to when the folder's prompt was tuned, by its certificate; the numbers of
 * the files where there is none. Errors: `certificate` for a broken one.
 */
export async function readPromptWeights(dir: string): Promise<WeightFormat> {
  let text: string
  try {
    text = await readFile(join(dir, CERTIFICATE), 'utf8')
  } catch (error) {
    if (isMissing(error)) return 'f32'
    throw error
  }
  try {
    return Certificate.parse(JSON.parse(text)).student.weights ?? 'f32'
  } catch (error) {
    throw new SoftpostError(
      'certificate',
      `${join(dir, CERTIFICATE)} is no certificate; export the prompt again, or say with --weights what it was tuned on`,
      { cause: error },
    )
  }
}

/** Errors: `prompt-invalid` for a folder without a prompt or with a broken one, `safetensors`. */
export async function readPromptFolder(dir: string): Promise<SoftPrompt> {
  const read = async (name: string): Promise<Uint8Array<ArrayBuffer>> => {
    try {
      return new Uint8Array(await readFile(join(dir, name)))
    } catch (error) {
      if (!isMissing(error)) throw error
      throw new SoftpostError('prompt-invalid', `${dir} holds no prompt: ${name} is missing; give a PEFT folder`, {
        cause: error,
      })
    }
  }
  return readPeft(await read(PARTS.config), await read(PARTS.weights))
}

/** Makes the folder if need be. The configuration comes last: a folder that was cut short holds no prompt. */
export async function writePromptFolder(dir: string, prompt: SoftPrompt, words: PeftWords): Promise<void> {
  const { config, weights } = writePeft(prompt, words)
  await mkdir(dir, { recursive: true })
  await writeFileAtomically(join(dir, PARTS.weights), weights)
  await writeFileAtomically(join(dir, PARTS.config), config)
}
