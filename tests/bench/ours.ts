/** The steps on the product's own engine: a pool of threads on WASM, this thread on a GPU. */
import { openHostEngine, threadCount } from '../../workers/host/openEngine.ts'
import { LocalEngine, microbatchTokens } from '../../workers/pool/localEngine.ts'
import type { Engine } from '../../workers/pool/types.ts'
import type { ModelFile } from '../../workers/protocol/tuner.ts'
import type { OpenBackend } from '../../workers/runtime/backend.ts'
import { microbatches } from '../../workers/task/batches.ts'
import { TEMPERATURE } from '../../workers/transfer/constants.ts'
import { groupByLength } from '../../workers/transfer/lengthGroups.ts'
import { ALPHA, CLIP_NORM, makeConstants, makeInputs, type Inputs } from './inputs.ts'
import type { Spec, Variant } from './types.ts'

/** @param backend that of this thread; the pool opens its own. */
export async function ours(spec: Spec, files: readonly ModelFile[], backend: OpenBackend): Promise<Variant> {
  const slot = spec.case === 'transfer' ? 'teacher' : 'student'
  const local = new LocalEngine(backend)
  const report = await local.load(slot, files)
  const timed = backend.name === 'wasm' ? await openHostEngine({ backend: 'wasm' }) : local
  if (timed !== local) await timed.load(slot, files)
  const inputs = makeInputs(spec, report)
  const passOf = { tune, transfer, classify }[spec.case](spec, inputs, report)
  const split =
    spec.case === 'transfer'
      ? groupByLength(inputs.examples)
      : microbatches(inputs.examples, {
          room: report.contextLength - spec.promptLength,
          tokens: microbatchTokens(backend),
        })
  return {
    pass: () => passOf(timed),
    counted: () => passOf(local),
    shares: { microbatches: split.length, copies: timed === local ? 1 : threadCount() },
    layers: report.layers,
    close: async () => {
      await timed.close()
      if (timed !== local) await local.close()
    },
  }
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
