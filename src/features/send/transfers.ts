/** Prompts that were sent from this browser, and how their jobs are going. Unfinished ones are followed by themselves. */
import { create } from 'zustand'
import { deleteTransfer } from '../../engine/api.ts'
import { type Connection, isOver, watchTransfer } from '../../engine/watch.ts'
import type { SentTransfer } from '../../storage/schema.ts'
import { forgetTransfer, listTransfers, saveTransfer } from '../../storage/sentTransfers.ts'
import { type ErrorReport, SoftpostError, toReport } from '../../../workers/protocol/errors.ts'
import type { TransferJob } from '../../../workers/protocol/wire.ts'

/** How the page stands to a job: following it, done with it, or unable to ask. */
export type Following =
  | { readonly status: 'following'; readonly connection: Connection | 'opening' }
  | { readonly status: 'over' }
  | { readonly status: 'failed'; readonly error: ErrorReport }

export type TransfersState = {
  readonly list: 'unread' | 'read'
  /** Whether a reload will find what is sent from now on. */
  readonly kept: boolean
  /** Newest first. */
  readonly transfers: readonly SentTransfer[]
  readonly following: Readonly<Record<string, Following>>
}

export const useTransfers = create<TransfersState>(() => ({ list: 'unread', kept: true, transfers: [], following: {} }))

const watches = new Map<string, AbortController>()
let opening: Promise<void> | null = null

/** Reads what was sent, once, and follows what is not over. */
export function openTransfers(): Promise<void> {
  opening ??= read()
  return opening
}

async function read(): Promise<void> {
  try {
    const stored = await listTransfers()
    useTransfers.setState(({ transfers }) => ({ list: 'read', transfers: merge(transfers, stored) }))
  } catch (error) {
    useTransfers.setState({ list: 'read', kept: false })
    if (!(error instanceof SoftpostError && error.code === 'storage')) throw error
  }
  for (const { jobId, job } of useTransfers.getState().transfers) {
    if (isOver(job)) setFollowing(jobId, { status: 'over' })
    else follow(jobId)
  }
}

/** What this tab knows is newer than what was stored. */
export function merge(known: readonly SentTransfer[], stored: readonly SentTransfer[]): readonly SentTransfer[] {
  const ids = new Set(known.map(({ jobId }) => jobId))
  return [...known, ...stored.filter(({ jobId }) => !ids.has(jobId))].sort((a, b) => b.sentAt - a.sentAt)
}

/** Takes up a transfer that was just sent. */
export async function addTransfer(transfer: SentTransfer): Promise<void> {
  useTransfers.setState(({ transfers }) => ({
    transfers: [transfer, ...transfers.filter(({ jobId }) => jobId !== transfer.jobId)],
  }))
  await keep(transfer)
  if (isOver(transfer.job)) setFollowing(transfer.jobId, { status: 'over' })
  else follow(transfer.jobId)
}

/** Follows the job to its end in the background. Never throws: an error stands in the store. */
export function follow(jobId: string): void {
  if (watches.has(jobId)) return
  const stop = new AbortController()
  watches.set(jobId, stop)
  setFollowing(jobId, { status: 'following', connection: 'opening' })
  void watch(jobId, stop.signal)
}

async function watch(jobId: string, signal: AbortSignal): Promise<void> {
  const watcher = {
    onJob: (job: TransferJob) => update(jobId, job),
    onConnection: (connection: Connection) => setFollowing(jobId, { status: 'following', connection }),
  }
  try {
    update(jobId, await watchTransfer(jobId, watcher, signal))
    const last = useTransfers.getState().transfers.find((each) => each.jobId === jobId)
    if (last) await keep(last)
    setFollowing(jobId, { status: 'over' })
  } catch (error) {
    if (!signal.aborted) setFollowing(jobId, { status: 'failed', error: toReport(error) })
  } finally {
    watches.delete(jobId)
  }
}

/** Deletes prompt, request and result at the provider, then the entry here. @throws SoftpostError */
export async function removeTransfer(jobId: string): Promise<void> {
  await deleteTransfer(jobId)
  await forgetHere(jobId)
}

/** Forgets a job that the provider no longer has. */
export async function forgetHere(jobId: string): Promise<void> {
  watches.get(jobId)?.abort()
  useTransfers.setState(({ transfers }) => ({ transfers: transfers.filter((each) => each.jobId !== jobId) }))
  if (useTransfers.getState().kept) await forgetTransfer(jobId)
}

function update(jobId: string, job: TransferJob): void {
  useTransfers.setState(({ transfers }) => ({
    transfers: transfers.map((each) => (each.jobId === jobId ? { ...each, job } : each)),
  }))
}

function setFollowing(jobId: string, state: Following): void {
  useTransfers.setState(({ following }) => ({ following: { ...following, [jobId]: state } }))
}

async function keep(transfer: SentTransfer): Promise<void> {
  try {
    await saveTransfer(transfer)
    useTransfers.setState({ kept: true })
  } catch (error) {
    useTransfers.setState({ kept: false })
    if (!(error instanceof SoftpostError && error.code === 'storage')) throw error
  }
}
