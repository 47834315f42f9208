/** Distillation shared among threads: each takes some of a batch's microbatches, and their sums are added. */
import { releaseProxy } from 'comlink'
import { ask, toMember, type Member } from '../pool/remote.ts'
import { shareOut } from '../pool/shares.ts'
import type { ModelFile } from '../protocol/tuner.ts'
import type { DistillPair } from './compute.ts'
import type { DistillMemberApi } from './member.ts'
import type {
  Distiller,
  GradientRequest,
  GradientSum,
  SequenceBatch,
  ValidationRequest,
  ValidationSum,
} from './types.ts'

export class PoolDistiller implements Distiller {
  readonly #members: readonly Member<DistillMemberApi>[]

  private constructor(members: readonly Member<DistillMemberApi>[]) {
    this.#members = members
  }

  /** Errors: `model-unknown`, `model-tensor`. */
  static async open(
    ports: readonly MessagePort[],
    wasm: readonly ModelFile[],
    pair: DistillPair,
  ): Promise<PoolDistiller> {
    const members = ports.map((port) => toMember<DistillMemberApi>(port))
    await Promise.all(members.map((member) => ask(member, (api) => api.open(wasm, pair))))
    return new PoolDistiller(members)
  }

  async gradient(request: GradientRequest): Promise<GradientSum> {
    const parts = await this.#share(request.batches, (member, batches) =>
      ask(member, (api) => api.gradient({ ...request, batches })),
    )
    return parts.reduce(({ gradient, terms }, other) => {
      for (let at = 0; at < gradient.length; at++) gradient[at] = (gradient[at] ?? 0) + (other.gradient[at] ?? 0)
      return { gradient, terms: addFields(terms, other.terms) }
    })
  }

  async validate(request: ValidationRequest): Promise<ValidationSum> {
    const parts = await this.#share(request.batches, (member, batches) =>
      ask(member, (api) => api.validate({ ...request, batches })),
    )
    return parts.reduce((a, b) => addFields(a, b))
  }

  close(): void {
    for (const { api } of this.#members) api[releaseProxy]()
  }

  async #share<T>(
    batches: readonly SequenceBatch[],
    work: (member: Member<DistillMemberApi>, batches: readonly SequenceBatch[]) => Promise<T>,
  ): Promise<T[]> {
    const costs = batches.map(({ size, length }) => size * length)
    const shares = shareOut(costs, this.#members.length)
    const tasks = this.#members.flatMap((member, index) => {
      const own = (shares[index] ?? []).flatMap((place) => batches[place] ?? [])
      return own.length > 0 ? [work(member, own)] : []
    })
    return await Promise.all(tasks)
  }
}

/** Sums of numbers, field by field. */
function addFields<T extends Readonly<Record<string, number>>>(a: T, b: T): T {
  return Object.fromEntries(Object.entries(a).map(([name, value]) => [name, value + (b[name] ?? 0)])) as T
}
