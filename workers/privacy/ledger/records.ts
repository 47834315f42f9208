/**
 * The ledger is a list that only grows. Each record is bound to the one before by a keyed hash, so that one that was
 * removed, changed or put elsewhere is noticed.
 */
import type { LedgerRun } from '../../protocol/ledger.ts'
import { hexOf, type Sign } from './units.ts'

export type LedgerRecord =
  /** A run was reserved on these units; `units` names a {@link UnitSet}. */
  | { readonly kind: 'run'; readonly run: LedgerRun; readonly units: string }
  /** A run is over for good after so many spent steps. */
  | { readonly kind: 'end'; readonly run: string; readonly stepsSpent: number }
  /** A run's prompt was handed out. */
  | { readonly kind: 'release'; readonly run: string }
  /** Exact figures of these units were looked at: what was chosen afterwards is not covered by ε. */
  | { readonly kind: 'seen'; readonly units: string; readonly at: number }
  /** Somebody chose what the runs on these units may spend. */
  | { readonly kind: 'budget'; readonly units: string; readonly epsilon: number; readonly delta: number }
  /** Somebody went on although records were lost or changed; what is left counts from here on. */
  | { readonly kind: 'mend'; readonly at: number }

/** A record with the hash that binds it to all before it. */
export type Link = { readonly record: LedgerRecord; readonly hash: string }

/** Where the chain begins. */
export const NO_LINK = ''

async function linkAfter(before: string, record: LedgerRecord, sign: Sign): Promise<Link> {
  const bytes = new TextEncoder().encode(`link ${before} ${canonical(record)}`)
  return { record, hash: hexOf(await sign(bytes)) }
}

/** Records one after the other. */
export async function linksAfter(before: string, records: readonly LedgerRecord[], sign: Sign): Promise<Link[]> {
  const links: Link[] = []
  for (const record of records) links.push(await linkAfter(links.at(-1)?.hash ?? before, record, sign))
  return links
}

/**
 * Whether each link follows from the one before and the last is the one that was noted as such. A `mend` starts the
 * chain anew: what stands before it was found broken and accepted.
 */
export async function isIntact(links: readonly Link[], last: string, sign: Sign): Promise<boolean> {
  if ((links.at(-1)?.hash ?? NO_LINK) !== last) return false
  const start = links.findLastIndex(({ record }) => record.kind === 'mend')
  for (let place = Math.max(start, 0); place < links.length; place++) {
    const before = place === 0 || place === start ? NO_LINK : (links[place - 1]?.hash ?? NO_LINK)
    const link = links[place]
    if (link === undefined || (await linkAfter(before, link.record, sign)).hash !== link.hash) return false
  }
  return true
}

/** JSON with the fields of every object in one order, whatever order a storage keeps them in. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
