import { useEffect } from 'react'
import { type EgressEntry, useEgress } from '../../engine/egress.ts'
import { useOffline } from '../../engine/offline.ts'
import { followPageLoads } from '../../engine/pageLoads.ts'
import type { NetworkProbe, ProbeOutcome } from '../../../workers/protocol/tuner.ts'
import { Badge } from '../../ui/Badge.tsx'
import { Button } from '../../ui/Button.tsx'
import { Disclosure } from '../../ui/Disclosure.tsx'
import { formatBytes } from '../../ui/format.ts'
import { LANGUAGE } from '../../ui/language.ts'
import { Table } from '../../ui/Table.tsx'
import { useModel } from '../model/store.ts'
import { EGRESS_COPY, PURPOSES } from './copy.ts'
import styles from './Panel.module.css'

/** "What left this tab": one sentence, the seal of the worker, and every request on demand. */
export function EgressPanel() {
  const { entries, totals } = useEgress()
  const probe = useModel((state) => state.probe)
  useEffect(followPageLoads, [])
  return (
    <section className={styles.panel} aria-label={EGRESS_COPY.title}>
      <div className={styles.words}>
        <p className={styles.promise}>{EGRESS_COPY.promise(totals)}</p>
        <p>{EGRESS_COPY.summary(totals)}</p>
      </div>
      <Seal probe={probe} />
      <Disclosure summary={EGRESS_COPY.show(totals.requests)}>
        {entries.length < totals.requests ? <p>{EGRESS_COPY.cut(entries.length)}</p> : null}
        <RequestTable entries={entries} />
      </Disclosure>
    </section>
  )
}

function Seal({ probe }: { readonly probe: NetworkProbe | null }) {
  const copy = EGRESS_COPY.seal
  const canEnforce = useOffline(({ status }) => status === 'ready') && navigator.serviceWorker.controller === null
  if (probe === null) return <p className={styles.seal}>{copy.unknown}</p>
  const namesOf = (wanted: ProbeOutcome) =>
    probe.flatMap(({ attempt, outcome }) => (outcome === wanted ? [attempt] : []))
  const open = namesOf('open')
  return (
    <p className={styles.seal}>
      <Badge tone={open.length === 0 ? 'good' : 'warn'}>{open.length === 0 ? copy.sealed : copy.open}</Badge>
      <span>
        {open.length === 0 ? copy.sealedDetail(namesOf('refused'), namesOf('silent')) : copy.openDetail(open)}
      </span>
      {open.length > 0 && canEnforce ? <Button onClick={() => location.reload()}>{copy.enforce}</Button> : null}
    </p>
  )
}

const clock = new Intl.DateTimeFormat(LANGUAGE, { timeStyle: 'medium', hourCycle: 'h23' })

function RequestTable({ entries }: { readonly entries: readonly EgressEntry[] }) {
  const { columns } = EGRESS_COPY
  return (
    <Table
      caption={EGRESS_COPY.table}
      hideCaption
      scroll
      columns={[
        { key: 'time', title: columns.time },
        { key: 'what', title: columns.what },
        { key: 'carried', title: columns.carried },
        { key: 'up', title: columns.up, align: 'end' },
        { key: 'down', title: columns.down, align: 'end' },
        { key: 'state', title: columns.state },
      ]}
      rows={entries
        .toSorted((a, b) => b.at - a.at)
        .map(({ id, at, method, address, purpose, carries, bytesUp, bytesDown, status }) => ({
          key: String(id),
          cells: [
            <span key="time" className={styles.time}>
              {clock.format(at)}
            </span>,
            <span key="request" className={styles.request}>
              {PURPOSES[purpose]}
              <code className={styles.address}>
                {method} {address}
              </code>
            </span>,
            carries === 'nothing' ? (
              EGRESS_COPY.carried(carries)
            ) : (
              <strong key="carried">{EGRESS_COPY.carried(carries)}</strong>
            ),
            formatBytes(bytesUp),
            formatBytes(bytesDown),
            EGRESS_COPY.state(status),
          ],
        }))}
    />
  )
}
