/** Reference numbers of the real Hugging Face models, and comparison by the tolerances that stand beside them. */
import { readdir, readFile } from 'node:fs/promises'
import { expect } from 'vitest'
import type { ModelFile } from '../../../workers/protocol/tuner.ts'

/** One folder for each set of vectors. */
export const GOLDEN = new URL('../../golden/parity/', import.meta.url)

export type Values = { readonly shape: readonly number[]; readonly data: readonly number[] }
type Tolerance = { readonly rtol: number; readonly atol: number }
export type Precision = Readonly<Record<string, { readonly cpu: Tolerance; readonly gpu: Tolerance }>>

export async function readVectors<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(new URL(path, GOLDEN), 'utf8')) as T
}

/** The files of a reference model; `weights` may name a variant of its checkpoint, a file or a folder of shards. */
export async function readModel(folder: string, weights = 'model.safetensors'): Promise<ModelFile[]> {
  const root = new URL(`${folder}/`, GOLDEN)
  const read = async (path: string): Promise<Uint8Array<ArrayBuffer>> =>
    new Uint8Array(await readFile(new URL(path, root)))
  const config = { name: 'config.json', bytes: await read('config.json') }
  if (weights.endsWith('.safetensors')) return [config, { name: 'model.safetensors', bytes: await read(weights) }]
  const names = await readdir(new URL(weights, root))
  const shards = names.map(async (name) => ({ name, bytes: await read(`${weights}/${name}`) }))
  return [config, ...(await Promise.all(shards))]
}

/** Every element within atol + rtol·|reference|; all figures at once, so that a failure shows how far it is off. */
export function expectClose(actual: ArrayLike<number>, reference: ArrayLike<number>, { rtol, atol }: Tolerance): void {
  expect(actual.length).toBe(reference.length)
  let worst = { excess: 0, at: -1, actual: 0, reference: 0 }
  for (let at = 0; at < reference.length; at++) {
    const [a = Number.NaN, r = Number.NaN] = [actual[at], reference[at]]
    const excess = Math.abs(a - r) / (atol + rtol * Math.abs(r))
    if (!(excess <= worst.excess)) worst = { excess, at, actual: a, reference: r }
  }
  expect(worst.excess, `worst of ${reference.length}: ${JSON.stringify(worst)}`).toBeLessThanOrEqual(1)
}
