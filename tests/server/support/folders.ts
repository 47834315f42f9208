/** Folders as the host expects them: models, public sets, a built page. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ModelInfo } from '../../../workers/protocol/wire.ts'
import { sha256 } from './uploads.ts'

export type TestModels = { readonly dir: string; readonly student: ModelInfo; readonly teacher: ModelInfo }

/** A folder that goes with the test. */
export async function temporaryFolder(): Promise<{ readonly path: string; [Symbol.asyncDispose](): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'softpost-test-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) }
}

/** A student of width 4 and its teacher of width 6. Their files are small texts: nothing here computes. */
export async function writeModels(root: string): Promise<TestModels> {
  const dir = join(root, 'models')
  const teacher = await writeModel(dir, { id: 'big', role: 'teacher', teacher: null, width: 6 })
  const student = await writeModel(dir, { id: 'small', role: 'student', teacher: 'big', width: 4 })
  return { dir, student, teacher }
}

type Kind = Pick<ModelInfo, 'id' | 'role' | 'teacher' | 'width'>

async function writeModel(root: string, kind: Kind): Promise<ModelInfo> {
  const folder = join(root, kind.id)
  await mkdir(folder, { recursive: true })
  const texts = { 'config.json': '{"model_type":"gpt2"}', 'model.safetensors': `weights of ${kind.id}` }
  const files = Object.entries(texts).map(([name, text]) => ({ name, sizeBytes: text.length, sha256: sha256(text) }))
  for (const [name, text] of Object.entries(texts)) await writeFile(join(folder, name), text)
  const manifest: ModelInfo = {
    ...kind,
    name: `The ${kind.id} model`,
    description: 'A model for tests',
    licence: 'Apache-2.0',
    architecture: 'gpt2',
    layers: 1,
    vocabulary: 8,
    parameters: 100,
    sha256: sha256(
      files
        .map((file) => file.sha256)
        .sort()
        .join(''),
    ),
    files,
  }
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest))
  return manifest
}

export async function writePublicSets(root: string): Promise<string> {
  const file = join(root, 'public-sets.json')
  const set = { id: 'reviews', name: 'Reviews', description: 'Texts', licence: 'CC0-1.0', domain: 'reviews', rows: 2 }
  await writeFile(file, JSON.stringify([{ ...set, file: 'reviews.csv', textColumn: 'text' }]))
  await writeFile(join(root, 'reviews.csv'), 'text\none\ntwo\n')
  return file
}

/** A page as the build leaves it. */
export async function writeSite(root: string): Promise<string> {
  const dir = join(root, 'dist')
  const files = {
    'index.html': '<!doctype html><title>Softpost</title>',
    'assets/index-Ab12Cd34.js': 'export {}',
    'assets/long-Ab12Cd34.js': 'export const same = 1\n'.repeat(500),
    'assets/picture.png': '\0'.repeat(5_000),
    'workers/tuner-Ab12Cd34.js': 'self.onmessage = null',
    'workers/member-Ab12Cd34.js': 'self.onmessage = null',
    'samples/a.csv': 'text,label\n',
    '.hidden': 'no',
  }
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(dir, name, '..'), { recursive: true })
    await writeFile(join(dir, name), text)
  }
  await writeFile(join(root, 'secret.txt'), 'outside of the page')
  return dir
}
