/** Reference vectors in this browser: every set on WASM and, where there is one, on the GPU. */
import type { ParityAnswer, ParityQuestion } from './parity.worker.ts'

const SETS = [
  'gpt2',
  'llama',
  'llama-tied',
  'qwen2',
  'roberta',
  'bert',
  'post-gpt2',
  'post-llama',
  'post-roberta',
  'optim',
]

const result = document.querySelector('#result')

async function ask(question: ParityQuestion): Promise<ParityAnswer> {
  // A worker each: a backend is opened once in a thread.
  const worker = new Worker(new URL('parity.worker.ts', import.meta.url), { type: 'module' })
  try {
    return await new Promise((resolve, reject) => {
      worker.addEventListener('message', ({ data }: MessageEvent<ParityAnswer>) => resolve(data), { once: true })
      worker.addEventListener('error', ({ message }) => reject(new Error(message)), { once: true })
      worker.postMessage(question)
    })
  } finally {
    worker.terminate()
  }
}

function say(line: string): void {
  if (result) result.textContent = `${result.textContent ?? ''}${line}\n`
}

async function compareAll(): Promise<void> {
  const { gpu } = navigator as { readonly gpu?: GPU }
  const adapter = (await gpu?.requestAdapter()) ?? null
  for (const backend of adapter ? (['wasm', 'webgpu'] as const) : (['wasm'] as const)) {
    for (const set of SETS) {
      const { fields, failed } = await ask({ set, backend })
      say(`${backend} ${set}: ${failed.length === 0 ? `all ${fields} fields pass` : `FAIL ${failed.join(', ')}`}`)
    }
  }
  say('done')
}

compareAll().catch((error: unknown) => say(`stopped: ${String(error)}`))
