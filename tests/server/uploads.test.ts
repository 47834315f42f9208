/** Hostile and broken uploads: each is refused with a code and leaves nothing behind. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as fc from 'fast-check'
import { checkPrompt } from '../../workers/host/store/promptCheck.ts'
import { SoftpostError } from '../../workers/protocol/errors.ts'
import { ErrorBody, PARTS } from '../../workers/protocol/wire.ts'
import { openHost, prepareGround, type Ground, type TestHost } from './support/host.ts'
import {
  floats,
  makeUpload,
  promptConfig,
  promptFile,
  safetensors,
  sha256,
  toForm,
  withWeights,
  type Upload,
} from './support/uploads.ts'

let ground: Ground
let host: TestHost
beforeAll(async () => {
  ground = await prepareGround()
  host = await openHost(ground.options, { limits: { uploadBytes: 200_000, promptRows: 16 } })
})
afterAll(async () => {
  await host.close()
  await ground[Symbol.asyncDispose]()
})

async function refused(
  body: BodyInit,
  headers: Record<string, string> = {},
): Promise<{ status: number; code: string; message: string }> {
  const response = await host.app.request('/v1/transfers', { method: 'POST', body, headers })
  const { error } = ErrorBody.parse(await response.json())
  for (const name of ['transfers', 'incoming', 'keys']) {
    expect(await readdir(join(ground.options.dataDir, name))).toEqual([])
  }
  return { status: response.status, code: error.code, message: error.message }
}

const tensor = (shape: number[], bytes: number) => ({ dtype: 'F32', shape, data_offsets: [0, bytes] })
const zeros = (count: number) => floats(Array.from({ length: count }, () => 0))

describe('weights', () => {
  const cases: readonly (readonly [name: string, weights: () => Uint8Array<ArrayBuffer>, code: string])[] = [
    ['nothing', () => new Uint8Array(0), 'safetensors'],
    ['seven bytes', () => new Uint8Array(7), 'safetensors'],
    ['a header longer than the file', () => new Uint8Array([255, 255, 255, 255, 255, 255, 255, 127, 0]), 'safetensors'],
    ['a header of 100 KB', () => safetensors({ __metadata__: { a: 'x'.repeat(100_000) } }, zeros(12)), 'safetensors'],
    ['a header that is not JSON', () => new Uint8Array([4, 0, 0, 0, 0, 0, 0, 0, 123, 123, 123, 123]), 'safetensors'],
    ['a tensor of another name', () => safetensors({ weights: tensor([3, 4], 48) }, zeros(12)), 'safetensors'],
    [
      'two tensors',
      () => safetensors({ prompt_embeddings: tensor([3, 4], 48), more: tensor([3, 4], 48) }, zeros(12)),
      'safetensors',
    ],
    [
      'half precision',
      () => safetensors({ prompt_embeddings: { ...tensor([3, 4], 24), dtype: 'F16' } }, zeros(6)),
      'safetensors',
    ],
    ['three dimensions', () => safetensors({ prompt_embeddings: tensor([3, 2, 2], 48) }, zeros(12)), 'safetensors'],
    ['a negative size', () => safetensors({ prompt_embeddings: tensor([-3, -4], 48) }, zeros(12)), 'safetensors'],
    [
      'sizes whose product overflows',
      () => safetensors({ prompt_embeddings: tensor([2 ** 52, 2 ** 52], 48) }, zeros(12)),
      'safetensors',
    ],
    [
      'fewer bytes than announced',
      () => safetensors({ prompt_embeddings: tensor([3, 4], 48) }, zeros(11)),
      'safetensors',
    ],
    [
      'more bytes than announced',
      () => safetensors({ prompt_embeddings: tensor([3, 4], 48) }, zeros(13)),
      'safetensors',
    ],
    ['another width', () => promptFile(3, 5, () => 0), 'prompt-mismatch'],
    ['too many rows', () => promptFile(17, 4, () => 0), 'prompt-invalid'],
    ['rows that the configuration does not know', () => promptFile(2, 4, () => 0), 'prompt-invalid'],
    ['NaN', () => promptFile(3, 4, (index) => (index === 7 ? Number.NaN : 0)), 'prompt-invalid'],
    ['infinity', () => promptFile(3, 4, (index) => (index === 0 ? Number.NEGATIVE_INFINITY : 0)), 'prompt-invalid'],
    ['huge values', () => promptFile(3, 4, (index) => (index > 7 ? 1e6 : 0)), 'prompt-invalid'],
  ]
  test.for(cases)('%s', async ([, weights, code]) => {
    const answer = await refused(toForm(withWeights(makeUpload(ground.models), weights())))
    expect(answer).toMatchObject({ status: 422, code })
  })

  test('any bytes at all are refused with a code and never crash the reader', () => {
    const good = promptFile(3, 4, Math.sin)
    const config = promptConfig(3, 4)
    const flips = fc.array(fc.tuple(fc.nat(good.byteLength - 1), fc.nat(255)), { minLength: 1, maxLength: 8 })
    const flipped = flips.map((changes) => {
      const bytes = good.slice()
      for (const [at, value] of changes) bytes[at] = value
      return bytes
    })
    fc.assert(
      fc.property(fc.oneof(flipped, fc.uint8Array({ maxLength: 300 })), (weights) => {
        try {
          expect(checkPrompt({ config, weights: Uint8Array.from(weights) }, { width: 4, maxRows: 16 })).toBe(3)
        } catch (error) {
          expect(error).toBeInstanceOf(SoftpostError)
        }
      }),
      { numRuns: 2_000 },
    )
  })
})

const parts = (change: (form: FormData, upload: Upload) => void): FormData => {
  const upload = makeUpload(ground.models)
  const form = toForm(upload)
  change(form, upload)
  return form
}

describe('parts', () => {
  test.for(Object.values(PARTS))('without %s', async (name) => {
    expect(await refused(parts((form) => form.delete(name)))).toMatchObject({ status: 400, code: 'bad-request' })
  })

  test('one more', async () => {
    const form = parts((form) => form.append('rows.csv', new File(['text,label\nsecret,1'], 'rows.csv')))
    expect(await refused(form)).toMatchObject({ status: 400, code: 'bad-request' })
  })

  test('one of them twice', async () => {
    const form = parts((form, upload) => form.append(PARTS.weights, new File([upload.weights], PARTS.weights)))
    expect(await refused(form)).toMatchObject({ status: 400, code: 'bad-request' })
  })

  test('not a multipart body', async () => {
    expect(await refused('{}', { 'Content-Type': 'application/json' })).toMatchObject({
      status: 400,
      code: 'bad-request',
    })
    const broken = { 'Content-Type': 'multipart/form-data; boundary=x' }
    expect(await refused('--x\r\nContent-Disp', broken)).toMatchObject({ status: 400, code: 'bad-request' })
  })

  test('more bytes than the host takes, announced or not', async () => {
    const form = parts((form) => form.set(PARTS.weights, new File([new Uint8Array(300_000)], PARTS.weights)))
    expect(await refused(form)).toMatchObject({ status: 413, code: 'too-large' })
    const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) })
    const request = new Request('http://localhost/v1/transfers', {
      method: 'POST',
      body: endless,
      duplex: 'half',
      headers: { 'Content-Type': 'multipart/form-data; boundary=x', 'Transfer-Encoding': 'chunked' },
    } as RequestInit)
    expect((await host.app.request(request)).status).toBe(413)
  })

  test('a configuration that is another adapter, or none', async () => {
    for (const text of ['{"peft_type":"LORA"}', '[]', 'null', '\u0000', '']) {
      const form = parts((form) => form.set(PARTS.config, new File([text], PARTS.config)))
      expect(await refused(form)).toMatchObject({ status: 422, code: 'prompt-invalid' })
    }
  })
})

describe('request', () => {
  type Change = (upload: Upload) => unknown
  const cases: readonly (readonly [name: string, change: Change, status: number, code: string])[] = [
    ['a field that is not known', ({ request }) => ({ ...request, rows: ['a secret'] }), 400, 'bad-request'],
    ['steps beyond the limit', ({ request }) => ({ ...request, steps: 1e9 }), 400, 'bad-request'],
    [
      'a student of other weights than the certificate says',
      ({ request }) => ({ ...request, student: { ...request.student, weights: 'int8' } }),
      422,
      'certificate',
    ],
    ['alpha beyond one', ({ request }) => ({ ...request, alpha: 1.5 }), 400, 'bad-request'],
    ['a public set that is a path', ({ request }) => ({ ...request, publicSet: '../reviews' }), 400, 'bad-request'],
    ['a public set that is not here', ({ request }) => ({ ...request, publicSet: 'other' }), 400, 'bad-request'],
    ['a model that is not here', (upload) => withStudent(upload, { id: 'other' }), 422, 'model-unknown'],
    ['the teacher as the student', (upload) => withStudent(upload, { id: 'big' }), 422, 'model-unknown'],
    [
      'another version of the model',
      (upload) => withStudent(upload, { sha256: '0'.repeat(64) }),
      422,
      'prompt-mismatch',
    ],
    [
      'another prompt certified',
      (upload) => withCertificate(upload, { promptSha256: '0'.repeat(64) }),
      422,
      'certificate',
    ],
    [
      'another task certified',
      (upload) => {
        const { declaredPublic } = upload.request.certificate
        return withCertificate(upload, {
          declaredPublic: { ...declaredPublic, task: { ...declaredPublic.task, template: '{text} was' } },
        })
      },
      422,
      'certificate',
    ],
    ['another selection', (upload) => withCertificate(upload, { selection: 'covered' }), 422, 'certificate'],
    [
      'less privacy loss than the mechanism has',
      (upload) => withCertificate(upload, { selection: 'covered', privacy: { ...claim, epsilon: 0.001 } }),
      422,
      'certificate',
    ],
  ]
  test.for(cases)('%s', async ([, change, status, code]) => {
    const upload = makeUpload(ground.models)
    const form = toForm(upload)
    form.set(PARTS.request, new File([JSON.stringify(change(upload))], PARTS.request))
    const answer = await refused(form)
    expect(answer).toMatchObject({ status, code })
    expect(answer.message).not.toContain('secret')
    expect(answer.message.split('\n')).toHaveLength(1)
  })

  test.for(['', 'no JSON', '[', '"\\ud800"', '['.repeat(100_000)])('text that is no request: %.10s', async (text) => {
    const form = toForm(makeUpload(ground.models))
    form.set(PARTS.request, new File([text], PARTS.request))
    expect(await refused(form)).toMatchObject({ status: 400, code: 'bad-request' })
  })
})

const claim = {
  kind: 'poisson-subsampled-gaussian',
  unit: 'row',
  adjacency: 'zero-out',
  epsilon: 8,
  delta: 1e-5,
  sigma: 1,
  sampleRate: 0.1,
  steps: 10,
  clipNorm: 1,
  accountant: 'test',
} as const

function withStudent(upload: Upload, change: object): unknown {
  const { request } = upload
  const student = { ...request.student, ...change }
  return { ...request, student, certificate: { ...request.certificate, student } }
}

function withCertificate({ request }: Upload, change: object): unknown {
  return { ...request, certificate: { ...request.certificate, ...change } }
}

test('the certificate of a private run with enough claimed is taken', async () => {
  await using other = await prepareGround()
  await using private_ = await openHost(other.options)
  const upload = makeUpload(other.models)
  const certificate = { ...upload.request.certificate, selection: 'covered' as const, privacy: claim }
  const form = toForm({ ...upload, request: { ...upload.request, certificate } })
  expect((await private_.app.request('/v1/transfers', { method: 'POST', body: form })).status).toBe(202)
  expect(sha256(upload.weights)).toBe(certificate.promptSha256)
})
