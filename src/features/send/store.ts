/** What the person chooses on the Send step, and where it would go. */
import { create } from 'zustand'
import { sendTransfer } from '../../engine/api.ts'
import { tuner } from '../../engine/bridge.ts'
import { apiBase, listModels, listPublicSets } from '../../engine/net.ts'
import type { TransferUpload } from '../../engine/upload.ts'
import { type ErrorReport, SoftpostError, toReport } from '../../../workers/protocol/errors.ts'
import type { Alpha, ModelInfo, PublicSet } from '../../../workers/protocol/wire.ts'
import { PARTS } from '../../../workers/protocol/wire.ts'
import { addTransfer } from './transfers.ts'

/** The provider as it presents itself. */
export type Provider = {
  readonly endpoint: string
  readonly models: readonly ModelInfo[]
  readonly publicSets: readonly PublicSet[]
}

export type ProviderState =
  | { readonly status: 'unread' | 'reading' }
  | { readonly status: 'read'; readonly provider: Provider }
  | { readonly status: 'failed'; readonly error: ErrorReport }

export type Sending =
  | { readonly status: 'idle' | 'sending' }
  | { readonly status: 'failed'; readonly error: ErrorReport }

type SendState = {
  readonly provider: ProviderState
  /** Null takes the one that is nearest to the task, else the provider's first. */
  readonly publicSet: string | null
  readonly alpha: Alpha
  /** SHA-256 of the upload that was agreed to; another upload needs a new tick. */
  readonly agreedTo: string | null
  readonly sending: Sending
  /** Whether the preparation is unfolded for a run that was sent already. */
  readonly sendsAgain: boolean
  /** The job whose card is to be shown to the person, once. */
  readonly justSent: string | null
}

export const useSend = create<SendState>(() => ({
  provider: { status: 'unread' },
  publicSet: null,
  alpha: 'auto',
  agreedTo: null,
  sending: { status: 'idle' },
  sendsAgain: false,
  justSent: null,
}))

/** Never throws: an error stands in the store. */
export async function readProvider(): Promise<void> {
  if (useSend.getState().provider.status === 'reading') return
  useSend.setState({ provider: { status: 'reading' } })
  try {
    const [base, models, publicSets] = await Promise.all([apiBase(), listModels(), listPublicSets()])
    useSend.setState({ provider: { status: 'read', provider: { endpoint: base.href, models, publicSets } } })
  } catch (error) {
    useSend.setState({ provider: { status: 'failed', error: toReport(error) } })
  }
}

export function choosePublicSet(publicSet: string): void {
  useSend.setState({ publicSet })
}

export function chooseAlpha(alpha: Alpha): void {
  useSend.setState({ alpha })
}

export function agreeTo(uploadSha256: string | null): void {
  useSend.setState({ agreedTo: uploadSha256 })
}

export function sendAgain(): void {
  useSend.setState({ sendsAgain: true })
}

/** Where texts and prompts would go, for people. */
export function providerHost(): string {
  const { provider } = useSend.getState()
  return provider.status === 'read' ? new URL(provider.provider.endpoint).host : location.host
}

/** The large model that a student stands for. */
export function teacherOf({ models }: Provider, studentId: string): ModelInfo | null {
  const student = models.find(({ id }) => id === studentId)
  return models.find(({ id }) => id === student?.teacher) ?? null
}

export type Shipment = { readonly runId: string; readonly upload: TransferUpload; readonly teacherName: string }

/** Sends what was agreed to. Never throws: an error stands in the store, and the same upload may be sent again. */
export async function send({ runId, upload, teacherName }: Shipment): Promise<void> {
  if (useSend.getState().sending.status === 'sending') return
  useSend.setState({ sending: { status: 'sending' } })
  try {
    const { request, parts, body } = upload
    const prompt = parts.find(({ name }) => name === PARTS.weights)
    if (prompt === undefined) throw new SoftpostError('internal', 'the upload holds no prompt; open the run again')
    await tuner.markReleased(runId)
    const job = await sendTransfer(upload)
    await addTransfer({
      jobId: job.id,
      runId,
      studentId: request.student.id,
      teacherName,
      publicSet: request.publicSet,
      alpha: request.alpha,
      sentAt: Date.now(),
      sizeBytes: body.bytes.byteLength,
      promptSha256: prompt.sha256,
      epsilon: request.certificate.privacy?.epsilon ?? null,
      job,
    })
    useSend.setState({ sending: { status: 'idle' }, agreedTo: null, sendsAgain: false, justSent: job.id })
  } catch (error) {
    useSend.setState({ sending: { status: 'failed', error: toReport(error) } })
  }
}
