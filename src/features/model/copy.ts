import { inLanguage } from '../../ui/language.ts'
import type { ProbeOutcome } from '../../../workers/protocol/tuner.ts'
import { MODEL_DE } from '../../german/model.ts'
const EN_MODEL = {
  route: {
    label: 'What stays on this device and what is sent',
    here: { name: 'This device', things: ['Your rows', 'The small model', 'The tuning'] },
    travels: 'Only the finished prompt, when you send it',
    there: { name: 'The provider', things: ['The large model', 'Public texts'] },
  },
  listing: 'Asking the provider which models it offers',
  listFailed: { safe: 'Nothing was loaded yet.', again: 'Ask again' },
  noStudents: {
    title: 'This provider offers no model to tune on',
    detail: 'Its large model has no small stand-in yet. Ask the provider, or start the host with a student model.',
  },
  lead: 'A small language model that imitates the provider’s large one. It is downloaded once, checked, and stays in this browser.',
  about: { summary: 'More about this model' },
  choose: 'Model to tune on',
  facts: {
    standsFor: 'Stands for',
    size: 'To download',
    architecture: 'Kind',
    parameters: 'Size inside',
    hash: 'Fingerprint',
    licence: 'Licence',
    inLayers: (count: number, layers: string) => `${(count / 1e6).toFixed(1)} million numbers in ${layers}`,
  },
  device: {
    title: 'This device',
    cores: 'Processor cores',
    memory: 'Memory',
    memoryAtLeast: (gibibytes: number) => `${gibibytes} GB or more`,
    unknown: 'not told by this browser',
    gpu: 'Graphics card',
    hasGpu: 'usable here',
    noGpu: 'none usable here',
    compute: 'Compute with',
    backend: {
      auto: 'Whatever suits this device (recommended)',
      webgpu: 'The graphics card (WebGPU)',
      wasm: 'The processor (WebAssembly)',
    },
    weights: 'Precision of the model',
    weightsHint:
      'A rounder model needs less of the card’s memory. The prompt then belongs to the rounded model; its certificate says so, and the provider rounds its own alike.',
    weightsOf: {
      f32: 'As it is in the file (recommended)',
      f16: 'Half precision: half the memory',
      int8: '8 bits for most of it: a quarter of the memory for those parts',
      'f16-mixed': 'Half precision, and computed so where the card can: half the memory, more rounding',
    },
    able: (sizeText: string) => `It is able to: the model takes about ${sizeText} of memory in each worker.`,
    withGpu: 'The graphics card will do the work.',
    withoutGpu: (helpers: number) =>
      helpers === 1
        ? 'The processor will do the work, in one background worker.'
        : `The processor will do the work, in ${helpers} background workers.`,
  },
  load: (size: string) => `Load the model (${size})`,
  loadAgain: 'Load the model again',
  folder: {
    pick: 'Use a model folder from this computer',
    drop: 'Drop the folder here, or pick it.',
    lead: 'Any Hugging Face folder with safetensors weights of a kind that runs here. Nothing of it is sent. A prompt for it can be exported; the provider only takes prompts for models that it lists.',
    used: (name: string) => `Read from the folder ${name} on this computer.`,
  },
  cancel: 'Cancel',
  stage: {
    downloading: 'Downloading the model',
    starting: 'Starting the compute worker',
    opening: 'Checking each file’s hash and opening the model',
  },
  bytes: (done: string, total: string) => `${done} of ${total}`,
  failed: { safe: 'Nothing of yours was touched. Files that arrived are kept by the browser.' },
  ready: {
    title: 'The model is ready',
    badge: 'Ready',
    backend: 'Computes with',
    backendName: {
      webgpu: 'the graphics card (WebGPU)',
      wasm: 'the processor (WebAssembly)',
      cpu: 'the processor (plain)',
    },
    why: 'Why',
    reason: (reason: string) => reason,
    adapter: 'Adapter',
    details: 'Details',
    workers: 'Workers',
    hash: 'Fingerprint',
    verified: 'Each file equals, byte for byte, what the provider lists.',
    madeRoom: (models: string) => `To make room, ${models} that this browser kept had to go.`,
  },
  probe: {
    title: 'Can your rows get out?',
    allRefused: (count: number) =>
      `This browser refused all ${count} ways to the network that the tuning worker tried.`,
    someOpen: (open: number, count: number) =>
      `${open} of ${count} ways to the network were not refused. This site is served without the rules that keep the worker offline, so the promise rests on the code alone.`,
    someSilent: (refused: number, silent: number) =>
      `This browser refused ${refused} ways to the network, and nothing came back on the other ${silent}.`,
    silentDetail:
      'It does not report what it refuses on those. The same rules stand against them; our tests in Firefox 153 watch the wire, and nothing goes out.',
    explain:
      'The worker that will read your file tries each of them when it starts. The refusal comes from the browser, by the rules this site was served with.',
    list: 'See each attempt',
    caption: 'Attempts of the tuning worker',
    attempt: 'Attempt',
    result: 'Result',
    outcome: { refused: 'refused', silent: 'nothing came back', open: 'not refused' } satisfies Record<
      ProbeOutcome,
      string
    >,
  },
} as const

export const MODEL_COPY = inLanguage(EN_MODEL, MODEL_DE)
