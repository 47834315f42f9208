/** Uploads for the tests: right ones, and the means to make them wrong. */
import { createHash } from 'node:crypto'
import { PARTS, type TransferRequest } from '../../../workers/protocol/wire.ts'
import type { Task } from '../../../workers/protocol/task.ts'
import type { TestModels } from './folders.ts'

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** A safetensors file with any header over any bytes. */
export function safetensors(header: unknown, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(JSON.stringify(header))
  const file = new Uint8Array(8 + text.byteLength + data.byteLength)
  new DataView(file.buffer).setBigUint64(0, BigInt(text.byteLength), true)
  file.set(text, 8)
  file.set(data, 8 + text.byteLength)
  return file
}

export function floats(values: Iterable<number>): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer)
}

export function promptFile(rows: number, width: number, values: (index: number) => number): Uint8Array<ArrayBuffer> {
  const data = floats(Array.from({ length: rows * width }, (_, index) => values(index)))
  const tensor = { dtype: 'F32', shape: [rows, width], data_offsets: [0, data.byteLength] }
  return safetensors({ __metadata__: { format: 'pt' }, prompt_embeddings: tensor }, data)
}

export function promptConfig(rows: number, width: number): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(
    JSON.stringify({
      peft_type: 'PROMPT_TUNING',
      task_type: 'CAUSAL_LM',
      base_model_name_or_path: 'student',
      inference_mode: true,
      num_virtual_tokens: rows,
      token_dim: width,
      num_transformer_submodules: 1,
      prompt_tuning_init: 'TEXT',
    }),
  )
}

export type Upload = { config: Uint8Array<ArrayBuffer>; weights: Uint8Array<ArrayBuffer>; request: TransferRequest }

/** The step at which a scripted process says that it is held. */
export const HELD_STEP = 2

/** Tells the scripted process of this test what to do; it travels as the task's initial text. */
export type Script = {
  readonly does: 'finish' | 'crash' | 'fail' | 'not-finite'
  /** Folder in which the process signs each start, and looks for `release` when told to hold. */
  readonly folder?: string
  /** Before its end wait until `release` exists, at step {@link HELD_STEP}. */
  readonly hold?: boolean
  /** For those who look into requests; the process does nothing with it. */
  readonly note?: string
  /** Wait so long after the first step. */
  readonly lastsMs?: number
  /** `crash` on so many starts, then finish. */
  readonly times?: number
}

const ROWS = 3
let made = 0

/** A good upload, different from every other one. */
export function makeUpload(models: TestModels, script: Script = { does: 'finish' }): Upload {
  made += 1
  const seed = made
  const width = models.student.width
  const weights = promptFile(ROWS, width, (index) => Math.sin(index + seed))
  const task: Task = {
    template: '{text} It was',
    labels: { positive: ['great'], negative: ['bad'] },
    initText: JSON.stringify(script),
  }
  const student = { id: models.student.id, sha256: models.student.sha256 }
  return {
    config: promptConfig(ROWS, width),
    weights,
    request: {
      version: 1,
      student,
      task,
      publicSet: 'reviews',
      alpha: 0.5,
      steps: 2,
      certificate: {
        format: 'softpost-certificate',
        version: 1,
        privacy: null,
        selection: 'no differential privacy',
        declaredPublic: { task, promptLength: ROWS, learningRate: 0.01, optimizer: 'adam' },
        student,
        promptSha256: sha256(weights),
      },
    },
  }
}

/** The same with other weights, certified as such. */
export function withWeights(upload: Upload, weights: Uint8Array<ArrayBuffer>): Upload {
  const certificate = { ...upload.request.certificate, promptSha256: sha256(weights) }
  return { ...upload, weights, request: { ...upload.request, certificate } }
}

/** A task whose answers are texts. */
export const EXTRACT: Task = {
  kind: 'extract',
  template: '{text} is',
  end: '.',
  maxAnswerTokens: 100,
  initText: 'name it',
}

/** The same for another task, whose initial text stays: it tells the scripted process what to do. */
export function withTask(upload: Upload, given: Task): Upload {
  const { request } = upload
  const task = { ...given, initText: request.task.initText }
  const declaredPublic = { ...request.certificate.declaredPublic, task }
  return { ...upload, request: { ...request, task, certificate: { ...request.certificate, declaredPublic } } }
}

export function toForm(upload: Upload): FormData {
  const form = new FormData()
  form.append(PARTS.config, new File([upload.config], PARTS.config))
  form.append(PARTS.weights, new File([upload.weights], PARTS.weights))
  form.append(PARTS.request, new File([JSON.stringify(upload.request)], PARTS.request))
  return form
}
