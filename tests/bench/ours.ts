/** The steps on the product's own engine: a pool of threads on WASM, this thread on a GPU. */
import { LocalEngine, microbatchTokens } from '../../workers/pool/localEngine.ts'
import type { Engine } from '../../workers/pool/types.ts'
import type { ModelReport } from '../../workers/protocol/tuner.ts'
import type { OpenBackend } from '../../workers/runtime/backend.ts'
import { microbatches } from '../../workers/task/batches.ts'
import { computeConstants, TEMPERATURE } from '../../workers/transfer/constants.ts'
import { groupByLength } from '../../workers/transfer/lengthGroups.ts'
import { ALPHA, CLIP_NORM, makeConstants, makeInputs, type Inputs } from './inputs.ts'
import type { SpecFiles } from './measured.ts'
import type { Platform } from './platform.ts'
import type { Spec, Variant } from './types.ts'

type Place = {
  /** That of this thread; the pool opens its own. */
  readonly backend: OpenBackend
  readonly platform: Platform
}

export async function ours(spec: Spec, files: SpecFiles, { backend, platform }: Place): Promise<Variant> {
  const local = new LocalEngine(backend)
  const report = await load(local, spec, files)
  const pool = backend.name === 'wasm' && spec.variant === 'ours' ? await platform.openPool() : null
  if (pool) await load(pool.engine, spec, files)
  const timed = pool?.engine ?? local
  const inputs = makeInputs(spec, report)
  const passOf = { tune, transfer, classify, constants }[spec.case](spec, inputs, report)
  const split =
    spec.case === 'transfer' || spec.case === 'constants'
      ? groupByLength(inputs.examples)
      : microbatches(inputs.examples, {
          room: report.contextLength - spec.promptLength,
          tokens: microbatchTokens(backend),
        })
  const pass = () => passOf(timed)
  return {
    pass,
    counted: timed === local ? pass : () => passOf(local),
    shares: { microbatches: split.length, copies: pool?.members ?? 1 },
    close: async () => {
      await timed.close()
      if (timed !== local) await local.close()
    },
  }
}

async function load(engine: Engine, spec: Spec, { model, student }: SpecFiles): Promise<ModelReport> {
  if (student) await engine.load('student', student)
  return await engine.load(student || spec.case === 'transfer' ? 'teacher' : 'student', model)
}

type Pass = (engine: Engine) => Promise<ArrayLike<number>>
type Shape = { readonly width: number; readonly vocabulary: number }

function tune({ promptLength }: Spec, inputs: Inputs): Pass {
  const batch = {
    slot: 'student',
    promptLength,
    ...inputs,
    contribution: { kind: 'clipped', clipNorm: CLIP_NORM },
  } as const
  return async (engine) => (await engine.tune(batch)).sum
}

function transfer(spec: Spec, { prompt, examples }: Inputs, shape: Shape): Pass {
  const constants = makeConstants(spec, shape)
  const { promptLength } = spec
  const batch = { prompt, promptLength, examples, constants, alpha: ALPHA, temperature: TEMPERATURE }
  return async (engine) => (await engine.transfer(batch)).gradient
}

function classify({ promptLength }: Spec, { prompt, examples, labelTokens }: Inputs): Pass {
  return async (engine) => await engine.classify({ slot: 'student', prompt, promptLength, examples, labelTokens })
}

function constants({ promptLength }: Spec, { prompt, examples }: Inputs, { width, vocabulary }: Shape): Pass {
  const sourcePrompt = { values: prompt, length: promptLength, width }
  return async (engine) => (await computeConstants({ engine, sourcePrompt, examples, vocabulary })).studentOutput
}
