/** What is measured: variants of one group are measured in turns and compared. */
import type { Spec } from './types.ts'

type Setting = Omit<Spec, 'variant' | 'backend'>

/** Passes after the first, which compiles. */
export type Group = { readonly specs: readonly Spec[]; readonly passes: number }

/** A text of the sample has 17 tokens on average. */
const TEXT = 16
const DEMO = { promptLength: 50, batch: 64, textTokens: TEXT } as const
/** The first version keeps all six layers' activations: 64 texts take more than WASM's 2 GiB. */
const TEACHER = { ...DEMO, batch: 16 } as const
/** A step on the CPU takes seconds a text. */
const SMALL = { promptLength: 50, batch: 8, textTokens: TEXT } as const

export function groups({ webgpu }: { readonly webgpu: boolean }): Group[] {
  const demo: readonly Setting[] = [
    { case: 'tune', model: 'demo-student', ...DEMO },
    { case: 'tune', model: 'demo-teacher', ...TEACHER },
    { case: 'transfer', model: 'demo-teacher', ...TEACHER },
    { case: 'classify', model: 'demo-teacher', ...TEACHER },
  ]
  const small: readonly Setting[] = [
    { case: 'tune', model: 'random-gpt2-small-2', ...SMALL },
    { case: 'transfer', model: 'random-gpt2-small', ...SMALL },
  ]
  return [
    ...demo.map((setting) => ({ specs: variants(setting, webgpu ? ['wasm', 'webgpu'] : ['wasm']), passes: 3 })),
    // A software GPU would take minutes for each pass of these.
    ...small.map((setting) => ({ specs: variants(setting, ['wasm']), passes: 2 })),
  ]
}

function variants(setting: Setting, backends: readonly Spec['backend'][]): Spec[] {
  return backends.flatMap((backend) => [
    { ...setting, variant: 'autodiff' as const, backend },
    { ...setting, variant: 'ours' as const, backend },
  ])
}
