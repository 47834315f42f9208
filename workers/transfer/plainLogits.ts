/**
 * Logits of a model without a prompt, which are the same for every prompt: kept across transfers where there is a place
 * for them. They are found by what they follow from (model, rounding of its weights, device, token ids), so nothing can be out of date.
 */
import { sha256Hex } from '../model/manifest.ts'
import type { Engine, Logits, ModelSlot } from '../pool/types.ts'
import type { ModelReport } from '../protocol/tuner.ts'
import type { WeightFormat } from '../protocol/tuning.ts'
import type { Encoded } from '../task/types.ts'

/** A place that may forget, and fails only where it cannot be written. */
export interface LogitsCache {
  /** Null where it has none, or not of this many values. */
  get(key: string, length: number): Promise<Float32Array<ArrayBuffer> | null>
  put(key: string, values: Float32Array<ArrayBuffer>): Promise<void>
}

export type PlainLogits = (slot: ModelSlot, examples: readonly Encoded[]) => Promise<Logits>

export type CachedModel = Pick<ModelReport, 'sha256' | 'vocabulary'> & {
  /** What its weights are rounded to. */
  readonly weights: WeightFormat
}

/** Raw logits at the read position `[n, V]`, from the cache where it has them. */
export function cachedLogits(
  engine: Engine,
  models: { readonly [slot in ModelSlot]: CachedModel },
  cache: LogitsCache,
): PlainLogits {
  return async (slot, examples) => {
    const key = await keyOf(engine, models[slot], examples)
    const known = await cache.get(key, examples.length * models[slot].vocabulary)
    if (known !== null) return known
    const logits = await engine.logits({ slot, prompt: null, promptLength: 0, examples })
    await cache.put(key, logits)
    return logits
  }
}

/** Devices, and other shares of the work among threads, differ in the last bits. */
async function keyOf(
  { report }: Engine,
  { sha256, weights }: CachedModel,
  examples: readonly Encoded[],
): Promise<string> {
  const { backend, adapter, workers } = report
  const texts = examples.map(({ ids, read }) => [[...ids], read])
  const content = JSON.stringify({ version: 1, model: sha256, weights, backend, adapter, workers, texts })
  return await sha256Hex(new TextEncoder().encode(content))
}
