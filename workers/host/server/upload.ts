/** Reads and checks the body of `POST /v1/transfers`. Everything in it is hostile until it has passed here. */
import * as z from 'zod/mini'
import { checkCertificate } from '../../privacy/certificate.ts'
import { SoftpostError } from '../../protocol/errors.ts'
import { PARTS, TransferRequest } from '../../protocol/wire.ts'
import type { Submission } from '../queue/transferService.ts'
import { sha256Hex } from '../store/hash.ts'
import type { ModelRegistry } from '../store/modelRegistry.ts'
import { checkPrompt } from '../store/promptCheck.ts'
import type { PublicSets } from '../store/publicSets.ts'
import type { Limits } from './deps.ts'
import { parseHostileJson } from './hostileJson.ts'
import { readForm } from './multipart.ts'

/** Bytes of the two JSON parts; a task with every field at its limit stays below. */
const JSON_BYTES = { [PARTS.config]: 64 * 1024, [PARTS.request]: 512 * 1024 } as const

export type UploadChecks = {
  readonly models: ModelRegistry
  readonly publicSets: PublicSets
  readonly limits: Limits
}

/** The parts of the upload by name. Errors: `bad-request` for a missing, repeated or unknown part. */
export async function readParts(request: Request): Promise<Record<keyof typeof PARTS, Uint8Array<ArrayBuffer>>> {
  const names = Object.values(PARTS) as readonly string[]
  const form = await readForm(request, names.length)
  for (const name of form.keys()) {
    if (!names.includes(name))
      throw new SoftpostError('bad-request', `the upload has parts besides ${names.join(', ')}`)
  }
  const [config, weights, json] = await Promise.all([
    readPart(form, PARTS.config),
    readPart(form, PARTS.weights),
    readPart(form, PARTS.request),
  ])
  return { config, weights, request: json }
}

async function readPart(form: FormData, name: string): Promise<Uint8Array<ArrayBuffer>> {
  const [part, second] = form.getAll(name)
  if (part === undefined || second !== undefined) {
    throw new SoftpostError('bad-request', `the upload needs the part ${name} exactly once`)
  }
  return typeof part === 'string' ? new TextEncoder().encode(part) : new Uint8Array(await part.arrayBuffer())
}

/** The parts as a submission: parsed, and consistent with each other and with what this host serves. */
export function checkUpload(
  parts: Record<keyof typeof PARTS, Uint8Array<ArrayBuffer>>,
  { models, publicSets, limits }: UploadChecks,
): Submission {
  const request = parseRequest(parts.request)
  if (parts.config.byteLength > JSON_BYTES[PARTS.config]) {
    throw new SoftpostError('too-large', `${PARTS.config} has ${parts.config.byteLength} bytes; it needs far fewer`)
  }
  const { student, teacher } = models.pair(request.student)
  publicSets.file(request.publicSet)
  const rows = checkPrompt(parts, { width: student.info.width, maxRows: limits.promptRows })
  checkClaims(request, rows, sha256Hex(parts.weights))
  return {
    request,
    teacher: { id: teacher.info.id, sha256: teacher.info.sha256 },
    prompt: { config: parts.config, weights: parts.weights },
  }
}

function parseRequest(bytes: Uint8Array): TransferRequest {
  if (bytes.byteLength > JSON_BYTES[PARTS.request]) {
    throw new SoftpostError('too-large', `${PARTS.request} has ${bytes.byteLength} bytes; it needs far fewer`)
  }
  return z.parse(TransferRequest, parseHostileJson(bytes, PARTS.request))
}

/** The certificate must be about this prompt, this model and this task, and its ε must follow from its parts. */
function checkClaims({ certificate, student, task }: TransferRequest, rows: number, promptSha256: string): void {
  const { declaredPublic } = certificate
  const disagreements: readonly (readonly [what: string, agrees: boolean])[] = [
    ['promptSha256', certificate.promptSha256 === promptSha256],
    ['student', certificate.student.id === student.id && certificate.student.sha256 === student.sha256],
    ['student.weights', (certificate.student.weights ?? 'f32') === (student.weights ?? 'f32')],
    ['task', JSON.stringify(declaredPublic.task) === JSON.stringify(task)],
    ['promptLength', declaredPublic.promptLength === rows],
    ['selection', (certificate.privacy === null) === (certificate.selection === 'no differential privacy')],
  ]
  for (const [what, agrees] of disagreements) {
    if (!agrees) {
      throw new SoftpostError('certificate', `the certificate's ${what} is not that of this upload; export it again`)
    }
  }
  checkCertificate(certificate)
}
