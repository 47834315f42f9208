/** A worker of the pool: a whole engine of its own behind a port. */
import { expose } from 'comlink'
import type { Endpoint } from 'comlink'
import type { LoadFile, ModelFile, ModelReport } from '../protocol/tuner.ts'
import type { WeightFormat } from '../protocol/tuning.ts'
import { openBackend } from '../runtime/backend.ts'
import { LocalEngine } from './localEngine.ts'
import { answer, type Answer } from './remote.ts'
import type { ClassifyBatch, Engine, ModelSlot, PromptedBatch, TransferBatch, TuneBatch, WriteBatch } from './types.ts'

export type MemberApi = {
  /** Opens the WASM backend; `wasm` holds tfjs's builds. */
  open(wasm: readonly ModelFile[]): Answer<null>
  load(slot: ModelSlot, files: readonly LoadFile[], weights: WeightFormat): Answer<ModelReport>
  embed(slot: ModelSlot, ids: readonly number[]): Answer<Awaited<ReturnType<Engine['embed']>>>
  tune(batch: TuneBatch): Answer<Awaited<ReturnType<Engine['tune']>>>
  classify(batch: ClassifyBatch): Answer<Awaited<ReturnType<Engine['classify']>>>
  logits(batch: PromptedBatch): Answer<Awaited<ReturnType<Engine['logits']>>>
  judge(batch: PromptedBatch): Answer<Awaited<ReturnType<Engine['judge']>>>
  write(batch: WriteBatch): Answer<Awaited<ReturnType<Engine['write']>>>
  transfer(batch: TransferBatch): Answer<Awaited<ReturnType<Engine['transfer']>>>
  close(): Answer<null>
}

/** Answers the calls that come over `port` until it is closed. */
export function serveMember(port: Endpoint): void {
  let engine: LocalEngine | null = null
  const opened = (): LocalEngine => {
    if (engine === null) throw new Error('the pool member is not open')
    return engine
  }
  const api: MemberApi = {
    open: (wasm) =>
      answer(async () => {
        engine = new LocalEngine(await openBackend({ name: 'wasm', reason: 'a member of the pool' }, wasm))
        return null
      }),
    load: (slot, files, weights) => answer(() => opened().load(slot, files, weights)),
    embed: (slot, ids) => answer(() => opened().embed(slot, ids)),
    tune: (batch) =>
      answer(
        () => opened().tune(batch),
        ({ sum }) => [sum.buffer],
      ),
    classify: (batch) =>
      answer(
        () => opened().classify(batch),
        (scores) => [scores.buffer],
      ),
    logits: (batch) =>
      answer(
        () => opened().logits(batch),
        (logits) => [logits.buffer],
      ),
    judge: (batch) => answer(() => opened().judge(batch)),
    write: (batch) => answer(() => opened().write(batch)),
    transfer: (batch) =>
      answer(
        () => opened().transfer(batch),
        ({ gradient }) => [gradient.buffer],
      ),
    close: () =>
      answer(async () => {
        await engine?.close()
        engine = null
        return null
      }),
  }
  expose(api, port)
}
