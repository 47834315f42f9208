/** A process that measures one {@link Spec}, so that its memory and compiled code are its own. */
import { once } from 'node:events'
import process from 'node:process'
import { installDawn } from '../../workers/host/dawn.ts'
import { readModelFolder } from '../../workers/host/modelFolder.ts'
import { readWasm } from '../../workers/host/openEngine.ts'
import type { ModelFile } from '../../workers/protocol/tuner.ts'
import { chooseBackend, openBackend } from '../../workers/runtime/backend.ts'
import { installGradients } from './autodiff/gradients.ts'
import { autodiff } from './autodiff/variant.ts'
import { count } from './count.ts'
import { ours } from './ours.ts'
import { RANDOM_MODELS, randomModel } from './randomModel.ts'
import type { Counts, Spec, Variant } from './types.ts'

/** What the parent asks, and what it hears; one answer to each. */
export type Question = 'pass' | 'count' | 'end'
export type Answer =
  | {
      readonly kind: 'open'
      readonly openSeconds: number
      readonly firstSeconds: number
      readonly adapter: string | null
    }
  | { readonly kind: 'pass'; readonly seconds: number; readonly values: number[] }
  | ({ readonly kind: 'count'; readonly residentBytes: number } & Counts)

const [text] = process.argv.slice(2)
const spec = JSON.parse(text ?? '') as Spec
const { variant, ...opened } = await open()
answer({ kind: 'open', ...opened })
for (;;) {
  const [question] = (await once(process, 'message')) as [Question]
  if (question === 'end') break
  answer(question === 'pass' ? { kind: 'pass', ...(await timed(variant)) } : await counted())
}
await variant.close()
// Dawn keeps its process alive.
process.exit()

async function open() {
  const files = await readFiles(spec.model)
  if (spec.backend === 'webgpu') await installDawn()
  if (spec.variant === 'autodiff') await installGradients()
  const began = performance.now()
  const choice = await chooseBackend(spec.backend, (globalThis.navigator as { readonly gpu?: GPU }).gpu)
  const backend = await openBackend(choice, await readWasm())
  const variant = spec.variant === 'ours' ? await ours(spec, files, backend) : autodiff(spec, files)
  const openSeconds = (performance.now() - began) / 1000
  const { seconds } = await timed(variant)
  return { variant, openSeconds, firstSeconds: seconds, adapter: backend.adapter }
}

async function readFiles(model: string): Promise<readonly ModelFile[]> {
  const layers = RANDOM_MODELS[model]
  if (layers !== undefined) return randomModel(layers)
  return (await readModelFolder(new URL(`../../models/${model}`, import.meta.url).pathname)).files
}

async function timed(variant: Variant): Promise<{ readonly seconds: number; readonly values: number[] }> {
  const began = performance.now()
  const values = await variant.pass()
  return { seconds: (performance.now() - began) / 1000, values: Array.from(values) }
}

async function counted(): Promise<Answer> {
  const counts = await count(variant)
  return { kind: 'count', ...counts, residentBytes: process.resourceUsage().maxRSS * 1024 }
}

function answer(value: Answer): void {
  process.send?.(value)
}
