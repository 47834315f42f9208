/** A process that loads one model from a folder and classifies one text, so that its memory is its own. */
import process from 'node:process'
import { engine as tfjs } from '@tensorflow/tfjs-core'
import { openModelFolder } from '../../../workers/host/modelFolder.ts'
import { LocalEngine } from '../../../workers/pool/localEngine.ts'
import { chooseBackend, openBackend } from '../../../workers/runtime/backend.ts'
import { nodePlatform } from '../nodePlatform.ts'
import type { LoadSpec } from './loading.ts'

const [text] = process.argv.slice(2)
const { folder, backend } = JSON.parse(text ?? '') as LoadSpec
const gpu = backend === 'webgpu' ? await nodePlatform.openGpu() : undefined
const opened = await openBackend(await chooseBackend(backend, gpu), await nodePlatform.readWasm())
const engine = new LocalEngine(opened)
const residentBefore = process.memoryUsage().rss
const began = performance.now()
const { files } = await openModelFolder(folder)
const { parameters } = await engine.load('student', files)
const loadSeconds = (performance.now() - began) / 1000
const residentMost = process.resourceUsage().maxRSS * 1024
const started = performance.now()
await engine.classify({
  slot: 'student',
  prompt: null,
  promptLength: 0,
  labelTokens: [[100], [101]],
  examples: [{ ids: Int32Array.from({ length: 16 }, (_, at) => at), read: [15], cut: false }],
})
process.send?.({
  parameters,
  loadSeconds,
  firstAnswerSeconds: (performance.now() - started) / 1000,
  tensorBytes: tfjs().state.numBytes,
  residentBefore,
  residentMost,
})
// Dawn keeps its process alive.
process.exit()
