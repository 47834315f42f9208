/** The benchmark in this browser: each variant in a worker of its own, in turns. */
import { groups, type Group } from '../cases.ts'
import { measureGroup, type Measurement, type Runner } from '../measure.ts'
import type { Answer } from '../measured.ts'
import { table } from '../table.ts'

const MINUTES = 18

const element = (id: string): HTMLElement => {
  const found = document.querySelector<HTMLElement>(`#${id}`)
  if (found === null) throw new Error(`the page has no ${id}`)
  return found
}
const [start, only, log, result, json] = ['start', 'only', 'log', 'result', 'json'].map(element) as [
  HTMLButtonElement,
  HTMLInputElement,
  HTMLElement,
  HTMLElement,
  HTMLTextAreaElement,
]

const workerRunner: Runner = async (spec) => {
  const worker = new Worker(new URL('bench.worker.ts', import.meta.url), { type: 'module' })
  const ask = async (message: unknown): Promise<Answer> =>
    await new Promise((resolve, reject) => {
      worker.addEventListener(
        'message',
        ({ data }: MessageEvent<Answer | { readonly kind: 'failed'; readonly reason: string }>) => {
          if (data.kind === 'failed') reject(new Error(data.reason))
          else resolve(data)
        },
        { once: true },
      )
      worker.addEventListener('error', ({ message }) => reject(new Error(message)), { once: true })
      worker.postMessage(message)
    })
  const end = () => Promise.resolve(worker.terminate())
  try {
    return { opened: await ask(spec), ask, end }
  } catch (error) {
    worker.terminate()
    throw error
  }
}

async function hasGpu(): Promise<boolean> {
  const { gpu } = navigator as { readonly gpu?: GPU }
  const adapter = (await gpu?.requestAdapter()) ?? null
  return adapter !== null
}

function say(line: string): void {
  log.textContent = `${log.textContent ?? ''}${line}\n`
}

async function measure(): Promise<void> {
  start.disabled = true
  const words = only.value.split(/[\s,]+/).filter((word) => word !== '')
  const chosen = groups({ webgpu: await hasGpu() }).flatMap(({ specs, passes }): Group[] => {
    const some = specs.filter((spec) => words.every((word) => Object.values(spec).includes(word)))
    return some.length > 0 ? [{ specs: some, passes }] : []
  })
  const end = performance.now() + MINUTES * 60_000
  const measurements: Measurement[] = []
  for (const [index, group] of chosen.entries()) {
    const until = performance.now() + (end - performance.now()) / (chosen.length - index)
    measurements.push(...(await measureGroup(group, { run: workerRunner, say, until })))
    result.textContent = table(measurements)
    json.value = JSON.stringify(measurements, null, 1)
  }
}

start.addEventListener('click', () => {
  measure().then(
    () => say('done'),
    (error: unknown) => say(`stopped: ${String(error)}`),
  )
})
