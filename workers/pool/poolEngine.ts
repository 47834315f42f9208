/**
 * The engine that shares each batch among pool members. Microbatches go to a member as a whole, and what a member
 * computes of an example does not depend on which others it has.
 */
import { releaseProxy, transfer } from 'comlink'
import { SoftpostError } from '../protocol/errors.ts'
import type { LoadFile, ModelFile, ModelReport } from '../protocol/tuner.ts'
import type { RuntimeReport, WeightFormat } from '../protocol/tuning.ts'
import { microbatches } from '../task/batches.ts'
import type { Encoded } from '../task/types.ts'
import { gatherRows, readRows, scatterRows } from '../transfer/rows.ts'
import { batchSizes } from './localEngine.ts'
import type { MemberApi } from './member.ts'
import { ask, toMember, type Member as RemoteMember } from './remote.ts'
import { shareOut } from './shares.ts'
import {
  type ClassifyBatch,
  type ClassScores,
  type Engine,
  type Logits,
  type Judgements,
  type ModelSlot,
  type PromptedBatch,
  type TransferBatch,
  type TransferSum,
  type TuneBatch,
  type TuneSum,
  type WriteBatch,
  type WrittenAnswer,
  unitSizesOf,
} from './types.ts'

type Member = RemoteMember<MemberApi>

/** What each member computes on. */
const MEMBER = { name: 'wasm', software: false } as const

export class PoolEngine implements Engine {
  readonly report: RuntimeReport
  readonly #members: readonly [Member, ...Member[]]
  readonly #models = new Map<ModelSlot, ModelReport>()

  private constructor(members: readonly [Member, ...Member[]], reason: string) {
    this.#members = members
    this.report = { backend: 'wasm', reason, adapter: null, workers: members.length }
  }

  /** Each member opens a WASM backend of its own. */
  static async open(
    ports: readonly MessagePort[],
    { wasm, reason }: { readonly wasm: readonly ModelFile[]; readonly reason: string },
  ): Promise<PoolEngine> {
    const [first, ...rest] = ports.map((port) => toMember<MemberApi>(port))
    if (!first) throw new SoftpostError('no-backend', 'the pool has no members')
    const members = [first, ...rest] as const
    await Promise.all(members.map((member) => ask(member, (api) => api.open(wasm))))
    return new PoolEngine(members, reason)
  }

  async load(slot: ModelSlot, files: readonly LoadFile[], weights: WeightFormat = 'f32'): Promise<ModelReport> {
    const [report] = await Promise.all([
      ask(this.#members[0], (api) => api.load(slot, files, weights)),
      ...this.#members.slice(1).map((member) => ask(member, (api) => api.load(slot, files, weights))),
    ])
    this.#models.set(slot, report)
    return report
  }

  async embed(slot: ModelSlot, ids: readonly number[]): Promise<Float32Array<ArrayBuffer>> {
    return await ask(this.#members[0], (api) => api.embed(slot, ids))
  }

  async tune(batch: TuneBatch): Promise<TuneSum> {
    const parts = await this.#share(
      this.#wholeUnits(batch) ?? this.#wholeMicrobatches(batch),
      async (member, places) => {
        const labels = places.map((place) => batch.labels[place] ?? 0)
        const own = { ...batch, examples: pick(batch.examples, places), labels, ...sizesOf(batch, places) }
        return await ask(member, (api) => api.tune(own))
      },
    )
    return { sum: addAll(parts.map(({ answer }) => answer.sum)) }
  }

  async classify(batch: ClassifyBatch): Promise<ClassScores> {
    const width = batch.labelTokens.length
    const parts = await this.#share(this.#wholeMicrobatches(batch), async (member, places) => {
      return await ask(member, (api) => api.classify({ ...batch, examples: pick(batch.examples, places) }))
    })
    return joinRows(parts, { rows: batch.examples.length, width })
  }

  async logits(batch: PromptedBatch): Promise<Logits> {
    const rows = readRows(batch.examples)
    const parts = await this.#share(this.#byLength(batch), async (member, places) => {
      return await ask(member, (api) => api.logits({ ...batch, examples: pick(batch.examples, places) }))
    })
    return joinRows(
      parts.map(({ places, answer }) => ({ places: rows.of(places), answer })),
      { rows: rows.count, width: this.#model(batch.slot).vocabulary },
    )
  }

  async judge(batch: PromptedBatch): Promise<Judgements> {
    const parts = await this.#share(this.#wholeMicrobatches(batch), async (member, places) => {
      return await ask(member, (api) => api.judge({ ...batch, examples: pick(batch.examples, places) }))
    })
    return joinRows(parts, { rows: batch.examples.length, width: 2 })
  }

  async write(batch: WriteBatch): Promise<readonly WrittenAnswer[]> {
    const parts = await this.#share(this.#byLength(batch), async (member, places) => {
      return await ask(member, (api) => api.write({ ...batch, examples: pick(batch.examples, places) }))
    })
    const byPlace = parts.flatMap(({ places, answer }) => places.map((place, at) => ({ place, written: answer[at] })))
    return byPlace.sort((a, b) => a.place - b.place).flatMap(({ written }) => written ?? [])
  }

  async transfer(batch: TransferBatch): Promise<TransferSum> {
    const { vocabulary } = this.#model('teacher')
    const { studentOutput, studentShift, teacherPlain } = batch.constants
    const all = readRows(batch.examples)
    const parts = await this.#share(this.#byLength(batch), async (member, places) => {
      const rows = all.of(places)
      const constants = {
        studentOutput: gatherRows(studentOutput, rows, vocabulary),
        studentShift: gatherRows(studentShift, rows, vocabulary),
        teacherPlain: gatherRows(teacherPlain, rows, vocabulary),
      }
      const buffers = Object.values(constants).map(({ buffer }) => buffer)
      const part = transfer({ ...batch, examples: pick(batch.examples, places), constants }, buffers)
      return await ask(member, (api) => api.transfer(part))
    })
    const sums = parts.map(({ answer }) => answer)
    return {
      gradient: addAll(sums.map(({ gradient }) => gradient)),
      outputLoss: sums.reduce((sum, { outputLoss }) => sum + outputLoss, 0),
      shiftLoss: sums.reduce((sum, { shiftLoss }) => sum + shiftLoss, 0),
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.map((member) => ask(member, (api) => api.close())))
    for (const { api } of this.#members) api[releaseProxy]()
  }

  #model(slot: ModelSlot): ModelReport {
    const model = this.#models.get(slot)
    if (!model) throw new SoftpostError('model-missing-file', `no ${slot} model is loaded; load it first`)
    return model
  }

  /** Places of each member's examples; their microbatches are those of the whole batch. */
  #wholeMicrobatches(batch: Pick<ClassifyBatch, 'slot' | 'examples' | 'promptLength'>): number[][] {
    const { contextLength, vocabulary } = this.#model(batch.slot)
    const { promptLength } = batch
    const whole = microbatches(batch.examples, batchSizes(MEMBER, { contextLength, vocabulary, promptLength }))
    const costs = whole.map(({ tokens }) => tokens.size * tokens.length)
    return shareOut(costs, this.#members.length).map((part) => part.flatMap((item) => whole[item]?.places ?? []))
  }

  /** A unit's rows are averaged in one place. Null where each example is a unit, and microbatches may stay whole. */
  #wholeUnits(batch: TuneBatch): number[][] | null {
    const units = placesOfUnits(batch)
    if (units.every(({ length }) => length === 1)) return null
    const costs = units.map((places) =>
      places.reduce((sum, place) => sum + (batch.examples[place]?.ids.length ?? 0), 0),
    )
    return shareOut(costs, this.#members.length).map((part) => part.flatMap((unit) => units[unit] ?? []))
  }

  #byLength({ examples }: { readonly examples: readonly Encoded[] }): number[][] {
    return shareOut(
      examples.map(({ ids }) => ids.length),
      this.#members.length,
    )
  }

  /** Answers in the order of the members. A batch without examples is still one member's. */
  async #share<T>(
    shares: readonly (readonly number[])[],
    work: (member: Member, places: readonly number[]) => Promise<T>,
  ): Promise<Part<T>[]> {
    const tasks = this.#members.flatMap((member, index) => {
      const places = shares[index] ?? []
      return places.length > 0 ? [{ member, places }] : []
    })
    const busy = tasks.length > 0 ? tasks : [{ member: this.#members[0], places: [] }]
    return await Promise.all(busy.map(async ({ member, places }) => ({ places, answer: await work(member, places) })))
  }
}

function placesOfUnits(batch: TuneBatch): number[][] {
  let from = 0
  return unitSizesOf(batch).map((size) => {
    const places = Array.from({ length: size }, (_, index) => from + index)
    from += size
    return places
  })
}

/** Sizes of the units whose examples stand at `places`, unit after unit. */
function sizesOf(batch: TuneBatch, places: readonly number[]): Pick<TuneBatch, 'unitSizes'> {
  if (batch.unitSizes === undefined) return {}
  const taken = new Set(places)
  return { unitSizes: placesOfUnits(batch).flatMap((unit) => (taken.has(unit[0] ?? -1) ? [unit.length] : [])) }
}

type Part<T> = { readonly places: readonly number[]; readonly answer: T }

function pick(examples: readonly Encoded[], places: readonly number[]): Encoded[] {
  return places.flatMap((place) => examples[place] ?? [])
}

function addAll(sums: readonly Float64Array[]): Float64Array<ArrayBuffer> {
  const total = new Float64Array(sums[0]?.length ?? 0)
  for (const sum of sums) sum.forEach((value, at) => (total[at] = (total[at] ?? 0) + value))
  return total
}

function joinRows(
  parts: readonly Part<Float32Array>[],
  { rows, width }: { readonly rows: number; readonly width: number },
): Float32Array<ArrayBuffer> {
  const out = new Float32Array(rows * width)
  for (const { places, answer } of parts) scatterRows(out, { rows: answer, places, width })
  return out
}
