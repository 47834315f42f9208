/**
 * A host under load, in a process of its own, with the demo models: requests a second with their latencies, and ten
 * minutes (or LOAD_SECONDS) of sending, asking, classifying and deleting in which its memory stays where it was. LONG=1
 * alone; its figures go to docs/deploy.md. The senders run on the same machine and take their share of it.
 */
import { fileURLToPath } from 'node:url'
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { readManifest } from '../../workers/host/modelFolder.ts'
import { TransferJob } from '../../workers/protocol/wire.ts'
import { prepareGround } from './support/host.ts'
import { hostProcess, type TestProcess } from './support/processes.ts'
import { makeUpload, toForm } from './support/uploads.ts'

const LAST_MS = Number(process.env['LOAD_SECONDS'] ?? 600) * 1000
const BURST_MS = Math.min(30_000, LAST_MS / 4)
const SAMPLE_MS = Math.min(5_000, LAST_MS / 40)
/** Those that a figure of the memory is taken from, as a share of all samples. */
const FEW = 1 / 20

type Figures = { readonly perSecond: number; readonly p50Ms: number; readonly p99Ms: number; readonly refused: number }

/** `senders` callers at once, each with its next request when the last is answered. 429 is an answer. */
async function measure(senders: number, lastMs: number, request: () => Promise<Response>): Promise<Figures> {
  const times: number[] = []
  let refused = 0
  const end = performance.now() + lastMs
  const send = async () => {
    while (performance.now() < end) {
      const began = performance.now()
      const response = await request()
      await response.arrayBuffer()
      if (response.status === 429) refused += 1
      else expect(response.status).toBe(200)
      times.push(performance.now() - began)
    }
  }
  await Promise.all(Array.from({ length: senders }, send))
  times.sort((a, b) => a - b)
  const at = (share: number) => Number((times[Math.floor(share * times.length)] ?? 0).toFixed(1))
  return { perSecond: Number(((times.length * 1000) / lastMs).toFixed(1)), p50Ms: at(0.5), p99Ms: at(0.99), refused }
}

type Memory = { readonly residentMb: number; readonly heapMb: number }

async function memoryOf({ said }: TestProcess): Promise<Memory> {
  const figures = await (await fetch(`${said}/metrics`)).text()
  const megabytes = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(figures)?.[1]) / 2 ** 20
  return { residentMb: megabytes('softpost_resident_bytes'), heapMb: megabytes('softpost_heap_bytes') }
}

/** The heap at its least, just after garbage was collected, and the median of the whole process. */
function summary(samples: readonly Memory[]): Memory {
  const resident = samples.map(({ residentMb }) => residentMb).sort((a, b) => a - b)
  return {
    residentMb: Math.round(resident[resident.length >> 1] ?? Number.NaN),
    heapMb: Math.round(Math.min(...samples.map(({ heapMb }) => heapMb))),
  }
}

test.skipIf(process.env['LONG'] !== '1')(
  'answers under load, and its memory stays flat',
  async () => {
    await using ground = await prepareGround()
    const modelsDir = fileURLToPath(new URL('../../models', import.meta.url))
    const student = await readManifest(`${modelsDir}/demo-student`)
    const host = await hostProcess({ ...ground.options, modelsDir, backend: 'wasm' }, 'classify')
    const send = async () => {
      const body = toForm(makeUpload({ ...ground.models, student }))
      const sent = await fetch(`${host.said}/v1/transfers`, { method: 'POST', body })
      expect(sent.status).toBe(202)
      const { id } = TransferJob.parse(await sent.json())
      await (await fetch(`${host.said}/v1/transfers/${id}/events`)).text()
      return id
    }
    try {
      const id = await send()
      const status = async () => await fetch(`${host.said}/v1/transfers/${id}`)
      const body = JSON.stringify({ texts: ['I could not stop laughing, and would see it again.'] })
      const classify = async () => await fetch(`${host.said}/v1/prompts/${id}/classify`, { method: 'POST', body })
      await (await classify()).arrayBuffer()
      const bursts = {
        status: await measure(16, BURST_MS, status),
        classify: await measure(4, BURST_MS, classify),
        flood: await measure(64, BURST_MS, classify),
      }
      const memory: Memory[] = []
      const samples = async (end: number) => {
        while (performance.now() < end) {
          memory.push(await memoryOf(host))
          await setTimeout(SAMPLE_MS)
        }
      }
      const sends = async (end: number) => {
        let sent = 0
        for (; performance.now() < end; sent += 1) {
          await fetch(`${host.said}/v1/transfers/${await send()}`, { method: 'DELETE' })
        }
        return sent
      }
      const end = performance.now() + LAST_MS
      const [asked, classified, transfers] = await Promise.all([
        measure(4, LAST_MS, status),
        measure(2, LAST_MS, classify),
        sends(end),
        samples(end),
      ])
      const around = (share: number) => {
        const few = Math.max(1, Math.round(FEW * memory.length))
        const from = Math.round(share * (memory.length - few))
        return summary(memory.slice(from, from + few))
      }
      const quarter = memory.length >> 2
      const second = summary(memory.slice(quarter, 2 * quarter))
      const last = summary(memory.slice(-quarter))
      const together = { seconds: LAST_MS / 1000, status: asked, classify: classified, transfers }
      const quarters = { second, last }
      const figures = { start: around(0), middle: around(0.5), end: around(1), quarters }
      console.info(JSON.stringify({ bursts, together, memory: figures }, null, 2))
      // The collector lets a process grow before it tidies up; a leak shows in what is left when it did.
      expect(last.heapMb).toBeLessThan(1.2 * second.heapMb)
      expect(last.residentMb).toBeLessThan(1.3 * second.residentMb)
    } finally {
      await host.kill()
    }
  },
  2 * LAST_MS + 240_000,
)
