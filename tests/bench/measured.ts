/** One {@link Spec}, opened; and what is asked of it, wherever it runs. */
import { keepLayers } from '../../workers/model/layers.ts'
import { readBlueprint } from '../../workers/model/load.ts'
import { chooseBackend, openBackend, type OpenBackend } from '../../workers/runtime/backend.ts'
import type { ModelFile } from '../../workers/protocol/tuner.ts'
import { autodiff } from './autodiff/variant.ts'
import { count, type PassCounts } from './count.ts'
import { ours } from './ours.ts'
import type { Platform } from './platform.ts'
import { RANDOM_MODELS } from './randomModel.ts'
import type { Counts, Spec, Variant } from './types.ts'

export type Question = 'pass' | 'count'
export type Answer =
  | {
      readonly kind: 'open'
      /** Seconds until the model is loaded, and of the first pass, which compiles. */
      readonly openSeconds: number
      readonly firstSeconds: number
      readonly adapter: string | null
    }
  | { readonly kind: 'pass'; readonly seconds: number; readonly values: number[] }
  | ({ readonly kind: 'count'; readonly residentBytes: number | null } & Counts)

export type Opened = Extract<Answer, { kind: 'open' }>

export class Measured {
  readonly opened: Opened
  readonly #variant: Variant
  readonly #workshop: Workshop
  #counts: PassCounts | null

  private constructor(first: FirstPass, workshop: Workshop, opened: Omit<Opened, 'kind' | 'firstSeconds'>) {
    this.#variant = first.variant
    this.#counts = first.counts
    this.#workshop = workshop
    this.opened = { kind: 'open', firstSeconds: first.seconds, ...opened }
  }

  static async open(spec: Spec, platform: Platform): Promise<Measured> {
    const files = await filesOf(spec, platform)
    const gpu = spec.backend === 'webgpu' ? await platform.openGpu() : undefined
    if (isAutodiff(spec)) await platform.installGradients()
    const began = performance.now()
    const backend = await openBackend(await chooseBackend(spec.backend, gpu), await platform.readWasm())
    const workshop = { spec, files, backend, platform }
    const variant = await variantOf(spec, files, workshop)
    const openSeconds = (performance.now() - began) / 1000
    return new Measured(await firstPass(variant), workshop, { openSeconds, adapter: backend.adapter })
  }

  async answer(question: Question): Promise<Answer> {
    if (question === 'pass') return { kind: 'pass', ...(await timed(this.#variant)) }
    this.#counts ??= await count(this.#variant)
    const { peakBytes } = this.#counts
    const residentBytes = this.#workshop.platform.residentBytes()
    return { kind: 'count', peakBytes, residentBytes, dispatchesPerLayer: await countLayer(this.#workshop) }
  }

  async close(): Promise<void> {
    await this.#variant.close()
  }
}

/** What variants are made of. */
type Workshop = {
  readonly spec: Spec
  readonly files: SpecFiles
  readonly backend: OpenBackend
  readonly platform: Platform
}

function isAutodiff({ variant }: Spec): boolean {
  return variant === 'autodiff' || variant === 'autodiff-read'
}

async function variantOf(spec: Spec, files: SpecFiles, { backend, platform }: Workshop): Promise<Variant> {
  return isAutodiff(spec) ? autodiff(spec, files.model) : await ours(spec, files, { backend, platform })
}

/** By passes of this thread through the model as it is and with one more layer. */
async function countLayer(workshop: Workshop): Promise<number> {
  const { spec, files } = workshop
  // Autodiff starts as many kernels for one text as for all, which would take minutes on a software GPU.
  const counted: Spec = isAutodiff(spec) ? { ...spec, batch: 1, chunk: 1 } : { ...spec, variant: 'ours-one-thread' }
  const startedWith = async (model: SpecFiles['model']): Promise<number> => {
    const variant = await variantOf(counted, { ...files, model }, workshop)
    const { started } = await count(variant)
    await variant.close()
    return started
  }
  return (await startedWith(oneMoreLayer(files.model))) - (await startedWith(files.model))
}

/** With the first layer twice: the last one, which works at the read positions alone, stays the last. */
function oneMoreLayer(files: readonly ModelFile[]): readonly ModelFile[] {
  const { layers } = readBlueprint(files)
  return keepLayers(files, [0, ...layers.keys()])
}

export type SpecFiles = { readonly model: readonly ModelFile[]; readonly student: readonly ModelFile[] | null }

async function filesOf(spec: Spec, platform: Platform): Promise<SpecFiles> {
  const random = RANDOM_MODELS[spec.model]
  const model = random ? random() : await platform.readFiles(spec.model)
  // The demo pair is the one pair there is.
  return { model, student: spec.case === 'constants' ? await platform.readFiles('demo-student') : null }
}

type FirstPass = { readonly variant: Variant; readonly counts: PassCounts | null; readonly seconds: number }

/** Counted too where that takes no other pass: a pass of autodiff takes minutes on a software GPU. */
async function firstPass(variant: Variant): Promise<FirstPass> {
  const began = performance.now()
  const inThread = variant.counted === variant.pass
  const counts = inThread ? await count(variant) : null
  if (!inThread) await variant.pass()
  return { variant, counts, seconds: (performance.now() - began) / 1000 }
}

async function timed(variant: Variant): Promise<{ readonly seconds: number; readonly values: number[] }> {
  const began = performance.now()
  const values = await variant.pass()
  return { seconds: (performance.now() - began) / 1000, values: Array.from(values) }
}
