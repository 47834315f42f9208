/** What a transfer sends, put together once: the Send step shows this object, and this object is sent. */
import { fieldsFor, RELEASE_EGRESS, TRANSFER_EGRESS } from '../../workers/protocol/egress.ts'
import { SoftpostError } from '../../workers/protocol/errors.ts'
import type { Release } from '../../workers/protocol/tuner.ts'
import { PARTS, TransferRequest, type Alpha } from '../../workers/protocol/wire.ts'
import { writeMultipart, type Body, type Part } from './multipart.ts'
import { sha256Hex } from './net.ts'

export type TransferChoices = { readonly publicSet: string; readonly alpha: Alpha; readonly steps: number | null }

export type UploadPart = Part & { readonly sha256: string }

export type TransferUpload = {
  readonly request: TransferRequest
  readonly parts: readonly UploadPart[]
  readonly body: Body
}

/**
 * @throws SoftpostError `certificate` when prompt and certificate are not of one piece; `bad-request` for a request
 *   that the host would refuse.
 */
export async function buildUpload(release: Release, choices: TransferChoices): Promise<TransferUpload> {
  const { adapterConfig, adapterModel } = forServer(release)
  const { certificate } = release
  const request = parseRequest({
    version: 1,
    student: certificate.student,
    task: certificate.declaredPublic.task,
    ...choices,
    certificate,
  })
  const parts = await Promise.all([
    hashed(PARTS.config, 'application/json', adapterConfig),
    hashed(PARTS.weights, 'application/octet-stream', adapterModel),
    hashed(PARTS.request, 'application/json', new TextEncoder().encode(`${JSON.stringify(request, null, 2)}\n`)),
  ])
  const weights = parts[1]
  if (weights.sha256 !== certificate.promptSha256) {
    throw new SoftpostError('certificate', 'the certificate is not about this prompt; open the run again')
  }
  return { request, parts, body: writeMultipart(parts) }
}

/** The release as far as its rows in the egress table let it go. */
function forServer(release: Release): Pick<Release, 'adapterConfig' | 'adapterModel'> {
  const { adapterConfig, adapterModel } = fieldsFor('server', release, RELEASE_EGRESS)
  if (adapterConfig instanceof Uint8Array && adapterModel instanceof Uint8Array) {
    return { adapterConfig: new Uint8Array(adapterConfig), adapterModel: new Uint8Array(adapterModel) }
  }
  throw new SoftpostError('internal', 'upload: the egress table keeps the prompt here, so nothing can be sent')
}

function parseRequest(request: TransferRequest): TransferRequest {
  const parsed = TransferRequest.safeParse(fieldsFor('server', request, TRANSFER_EGRESS))
  if (parsed.success) return parsed.data
  throw new SoftpostError('bad-request', 'the request is not of the form that the host takes; reload the page', {
    cause: parsed.error,
  })
}

async function hashed(name: string, type: string, bytes: Uint8Array<ArrayBuffer>): Promise<UploadPart> {
  return { name, type, bytes, sha256: await sha256Hex(bytes) }
}
