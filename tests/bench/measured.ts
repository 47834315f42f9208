/** One {@link Spec}, opened; and what is asked of it, wherever it runs. */
import { chooseBackend, openBackend } from '../../workers/runtime/backend.ts'
import type { ModelFile } from '../../workers/protocol/tuner.ts'
import { autodiff } from './autodiff/variant.ts'
import { count } from './count.ts'
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
  readonly #platform: Platform
  #counts: Counts | null

  private constructor(first: FirstPass, platform: Platform, opened: Omit<Opened, 'kind' | 'firstSeconds'>) {
    this.#variant = first.variant
    this.#counts = first.counts
    this.#platform = platform
    this.opened = { kind: 'open', firstSeconds: first.seconds, ...opened }
  }

  static async open(spec: Spec, platform: Platform): Promise<Measured> {
    const files = await filesOf(spec, platform)
    const gpu = spec.backend === 'webgpu' ? await platform.openGpu() : undefined
    const isAutodiff = spec.variant === 'autodiff' || spec.variant === 'autodiff-read'
    if (isAutodiff) await platform.installGradients()
    const began = performance.now()
    const backend = await openBackend(await chooseBackend(spec.backend, gpu), await platform.readWasm())
    const variant = isAutodiff ? autodiff(spec, files.model) : await ours(spec, files, { backend, platform })
    const openSeconds = (performance.now() - began) / 1000
    return new Measured(await firstPass(variant), platform, { openSeconds, adapter: backend.adapter })
  }

  async answer(question: Question): Promise<Answer> {
    if (question === 'pass') return { kind: 'pass', ...(await timed(this.#variant)) }
    this.#counts ??= await count(this.#variant)
    return { kind: 'count', ...this.#counts, residentBytes: this.#platform.residentBytes() }
  }

  async close(): Promise<void> {
    await this.#variant.close()
  }
}

export type SpecFiles = { readonly model: readonly ModelFile[]; readonly student: readonly ModelFile[] | null }

async function filesOf(spec: Spec, platform: Platform): Promise<SpecFiles> {
  const random = RANDOM_MODELS[spec.model]
  const model = random ? random() : await platform.readFiles(spec.model)
  // The demo pair is the one pair there is.
  return { model, student: spec.case === 'constants' ? await platform.readFiles('demo-student') : null }
}

type FirstPass = { readonly variant: Variant; readonly counts: Counts | null; readonly seconds: number }

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
