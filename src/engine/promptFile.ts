/** A prompt as one file to keep: the two files of a PEFT folder, with its certificate where it has one. */
import type { Certificate } from '../../workers/protocol/certificate.ts'
import { PARTS } from '../../workers/protocol/wire.ts'
import { writeZip, type ZipFile } from './zip.ts'

export type PromptFolder = {
  /** Of letters, digits, `-`, `_` and `.`: the folder inside the archive and the archive's own name. */
  readonly name: string
  readonly adapterConfig: Uint8Array<ArrayBuffer>
  readonly adapterModel: Uint8Array<ArrayBuffer>
  readonly certificate: Certificate | null
}

export function packPrompt({ name, adapterConfig, adapterModel, certificate }: PromptFolder): Uint8Array<ArrayBuffer> {
  const files: ZipFile[] = [
    { name: `${name}/${PARTS.config}`, bytes: adapterConfig },
    { name: `${name}/${PARTS.weights}`, bytes: adapterModel },
  ]
  if (certificate) files.push({ name: `${name}/certificate.json`, bytes: jsonBytes(certificate) })
  return writeZip(files)
}

/** A prompt without differential privacy says so in its name, where nobody can miss it. */
export function promptName(base: string, isPrivate: boolean): string {
  const safe =
    base
      .replace(/[^A-Za-z0-9_-]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 60) || 'prompt'
  return isPrivate ? safe : `${safe}-no-privacy`
}

function jsonBytes(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`)
}
