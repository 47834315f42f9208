/** What is measured: variants of one group are measured in turns and compared. */
import type { Spec, VariantName } from './types.ts'

type Setting = Omit<Spec, 'variant' | 'backend'>
type Backend = Spec['backend']

/** `passes`: at most so many after the first, which compiles. */
export type Group = { readonly specs: readonly Spec[]; readonly passes: number }

const PASSES = 3
/** A text of the sample has 17 tokens on average. */
const TEXT = 16
const DEMO = { promptLength: 50, batch: 64, textTokens: TEXT } as const
/** Autodiff keeps all six layers' activations: 64 texts at once take more than WASM's 2 GiB. */
const TEACHER = { model: 'demo-teacher', ...DEMO, chunk: 16 } as const
/** A step on the CPU takes seconds a text. */
const SMALL = { promptLength: 50, batch: 8, textTokens: TEXT } as const

export const STUDENT_TUNE: Setting = { case: 'tune', model: 'demo-student', ...DEMO }
export const TEACHER_TUNE: Setting = { case: 'tune', ...TEACHER }
export const TEACHER_TRANSFER: Setting = { case: 'transfer', ...TEACHER }
const TEACHER_CLASSIFY: Setting = { case: 'classify', ...TEACHER }

const FIRST_AND_OURS: readonly VariantName[] = ['autodiff', 'ours']

export function groups({ webgpu }: { readonly webgpu: boolean }): Group[] {
  const both: readonly Backend[] = webgpu ? ['wasm', 'webgpu'] : ['wasm']
  return [
    group(STUDENT_TUNE, both, FIRST_AND_OURS),
    group(TEACHER_TRANSFER, both, FIRST_AND_OURS),
    group(TEACHER_CLASSIFY, both, FIRST_AND_OURS),
    // A software GPU would take minutes for each pass of these.
    group(TEACHER_TUNE, ['wasm'], FIRST_AND_OURS),
    group({ case: 'tune', model: 'random-gpt2-small-2', ...SMALL }, ['wasm'], FIRST_AND_OURS),
    // A pass of autodiff takes over a minute here.
    {
      ...group({ case: 'transfer', model: 'random-gpt2-small', ...SMALL, chunk: 2 }, ['wasm'], FIRST_AND_OURS),
      passes: 1,
    },
  ]
}

/** What each idea is worth: from the first version to ours, one idea after the other. */
export function ideaGroups({ webgpu }: { readonly webgpu: boolean }): Group[] {
  const onWasm: readonly VariantName[] = ['autodiff', 'autodiff-read', 'ours-one-thread', 'ours']
  const onGpu: readonly VariantName[] = ['autodiff', 'autodiff-read', 'ours']
  const settings = [STUDENT_TUNE, TEACHER_TRANSFER]
  const gpuGroups = webgpu ? settings.map((setting) => group(setting, ['webgpu'], onGpu)) : []
  return settings.map((setting) => group(setting, ['wasm'], onWasm)).concat(gpuGroups)
}

function group(setting: Setting, backends: readonly Backend[], variants: readonly VariantName[]): Group {
  const specs = backends.flatMap((backend) => variants.map((variant) => ({ ...setting, variant, backend })))
  return { specs, passes: PASSES }
}
