/** A thread's share of distillation: teacher and student of its own behind a port. */
import { expose } from 'comlink'
import type { Endpoint } from 'comlink'
import { answer, type Answer } from '../pool/remote.ts'
import type { ModelFile } from '../protocol/tuner.ts'
import { openBackend } from '../runtime/backend.ts'
import { LocalDistiller, type DistillPair } from './compute.ts'
import type { GradientRequest, GradientSum, ValidationRequest, ValidationSum } from './types.ts'

export type DistillMemberApi = {
  /** Opens the WASM backend and loads the models; `wasm` holds tfjs's builds. */
  open(wasm: readonly ModelFile[], pair: DistillPair): Answer<null>
  gradient(request: GradientRequest): Answer<GradientSum>
  validate(request: ValidationRequest): Answer<ValidationSum>
}

/** Answers the calls that come over `port` until it is closed. */
export function serveDistillMember(port: Endpoint): void {
  let distiller: LocalDistiller | null = null
  const opened = (): LocalDistiller => {
    if (distiller === null) throw new Error('the member is not open')
    return distiller
  }
  const api: DistillMemberApi = {
    open: (wasm, pair) =>
      answer(async () => {
        await openBackend({ name: 'wasm', reason: 'a member of the pool' }, wasm)
        distiller = new LocalDistiller(pair)
        return null
      }),
    gradient: (request) =>
      answer(
        () => opened().gradient(request),
        ({ gradient }) => [gradient.buffer],
      ),
    validate: (request) => answer(() => opened().validate(request)),
  }
  expose(api, port)
}
