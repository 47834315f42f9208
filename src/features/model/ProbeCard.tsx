import type { NetworkProbe, ProbeOutcome } from '../../../workers/protocol/tuner.ts'
import { Card } from '../../ui/Card.tsx'
import { Disclosure } from '../../ui/Disclosure.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { Table } from '../../ui/Table.tsx'
import { MODEL_COPY } from './copy.ts'

/** What the worker met when it tried to reach the network. */
export function ProbeCard({ probe }: { readonly probe: NetworkProbe }) {
  const words = MODEL_COPY.probe
  const count = (wanted: ProbeOutcome) => probe.filter(({ outcome }) => outcome === wanted).length
  const [open, silent] = [count('open'), count('silent')]
  return (
    <Card title={words.title} lead={words.explain}>
      {open > 0 ? (
        <Notice tone="warn" title={words.someOpen(open, probe.length)} />
      ) : silent > 0 ? (
        <Notice tone="good" title={words.someSilent(probe.length - silent, silent)}>
          <p>{words.silentDetail}</p>
        </Notice>
      ) : (
        <Notice tone="good" title={words.allRefused(probe.length)} />
      )}
      <Disclosure summary={words.list}>
        <Table
          caption={words.caption}
          hideCaption
          columns={[
            { key: 'attempt', title: words.attempt },
            { key: 'result', title: words.result },
          ]}
          rows={probe.map(({ attempt, outcome }) => ({
            key: attempt,
            cells: [<code key="attempt">{attempt}</code>, words.outcome[outcome]],
          }))}
        />
      </Disclosure>
    </Card>
  )
}
