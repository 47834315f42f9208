/** The egress ledger: every request that this page made, for the panel "what left this tab". Written by net.ts alone. */
import { create } from 'zustand'

export type Purpose =
  | 'page'
  | 'settings'
  | 'model-list'
  | 'public-sets'
  | 'model-file'
  | 'runtime'
  | 'sample'
  | 'send-prompt'
  | 'follow-job'
  | 'fetch-result'
  | 'classify-texts'
  | 'delete-job'

/** What of the person's a request held: nothing, the prompt with its papers, or texts that they chose to send. */
export type Carries = 'nothing' | 'prompt' | 'texts'

export type EgressEntry = {
  readonly id: number
  /** Milliseconds since 1970. */
  readonly at: number
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Path on this site, or the whole address on another. */
  readonly address: string
  readonly purpose: Purpose
  readonly carries: Carries
  readonly bytesUp: number
  readonly bytesDown: number
  /**
   * HTTP status, `open` while it runs, `failed` where no answer came, `stopped` where this page ended it, `unknown`
   * where the browser does not tell.
   */
  readonly status: number | 'open' | 'failed' | 'stopped' | 'unknown'
}

export type EgressTotals = {
  readonly requests: number
  readonly bytesUp: number
  readonly withPrompt: number
  readonly withTexts: number
}

type EgressState = {
  readonly entries: readonly EgressEntry[]
  readonly totals: EgressTotals
}

/** Rows kept for the list; the totals go on counting. */
const LISTED = 500

export const useEgress = create<EgressState>(() => ({
  entries: [],
  totals: { requests: 0, bytesUp: 0, withPrompt: 0, withTexts: 0 },
}))

let lastId = 0

export function recordRequest(
  request: Pick<EgressEntry, 'method' | 'address' | 'purpose' | 'carries' | 'bytesUp'>,
): number {
  return add({ ...request, at: Date.now(), bytesDown: 0, status: 'open' })
}

export function recordPageLoad(load: Pick<EgressEntry, 'at' | 'address' | 'bytesDown' | 'status'>): void {
  add({ ...load, method: 'GET', purpose: 'page', carries: 'nothing', bytesUp: 0 })
}

function add(entry: Omit<EgressEntry, 'id'>): number {
  lastId += 1
  const id = lastId
  useEgress.setState(({ entries, totals }) => ({
    entries: [...entries.slice(-(LISTED - 1)), { ...entry, id }],
    totals: {
      requests: totals.requests + 1,
      bytesUp: totals.bytesUp + entry.bytesUp,
      withPrompt: totals.withPrompt + (entry.carries === 'prompt' ? 1 : 0),
      withTexts: totals.withTexts + (entry.carries === 'texts' ? 1 : 0),
    },
  }))
  return id
}

export function updateRequest(id: number, change: Partial<Pick<EgressEntry, 'bytesDown' | 'status'>>): void {
  useEgress.setState(({ entries }) => ({
    entries: entries.map((entry) => (entry.id === id ? { ...entry, ...change } : entry)),
  }))
}
