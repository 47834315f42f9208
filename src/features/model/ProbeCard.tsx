import type { NetworkProbe } from '../../../workers/protocol/tuner.ts'
import { Card } from '../../ui/Card.tsx'
import { Disclosure } from '../../ui/Disclosure.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { Table } from '../../ui/Table.tsx'
import { MODEL_COPY } from './copy.ts'

/** What the worker met when it tried to reach the network. */
export function ProbeCard({ probe }: { readonly probe: NetworkProbe }) {
  const words = MODEL_COPY.probe
  const open = probe.filter(({ refused }) => !refused).length
  return (
    <Card title={words.title} lead={words.explain}>
      {open === 0 ? (
        <Notice tone="good" title={words.allRefused(probe.length)} />
      ) : (
        <Notice tone="warn" title={words.someOpen(open, probe.length)} />
      )}
      <Disclosure summary={words.list}>
        <Table
          caption={words.caption}
          hideCaption
          columns={[
            { key: 'attempt', title: words.attempt },
            { key: 'result', title: words.result },
          ]}
          rows={probe.map(({ attempt, refused }) => ({
            key: attempt,
            cells: [<code key="attempt">{attempt}</code>, refused ? words.refused : words.open],
          }))}
        />
      </Disclosure>
    </Card>
  )
}
