import type { ModelReport } from '../../../workers/protocol/tuner.ts'
import type { RuntimeReport } from '../../../workers/protocol/tuning.ts'
import { Badge } from '../../ui/Badge.tsx'
import { Card } from '../../ui/Card.tsx'
import { Disclosure } from '../../ui/Disclosure.tsx'
import { Facts } from '../../ui/Facts.tsx'
import { formatPlural } from '../../ui/format.ts'
import { MODEL_COPY } from './copy.ts'
import { useModel } from './store.ts'

type ReadyCardProps = { readonly model: ModelReport; readonly runtime: RuntimeReport }

export function ReadyCard({ model, runtime }: ReadyCardProps) {
  const words = MODEL_COPY.ready
  const { madeRoomFor, folder } = useModel()
  const origin = folder === null ? words.verified : MODEL_COPY.folder.used(folder)
  const lead = madeRoomFor === 0 ? origin : `${origin} ${words.madeRoom(formatPlural(madeRoomFor, 'model'))}`
  return (
    <Card title={words.title} aside={<Badge tone="good">{words.badge}</Badge>} lead={lead}>
      <Facts
        facts={[
          { term: words.backend, value: words.backendName[runtime.backend] },
          { term: words.why, value: words.reason(runtime.reason) },
          ...(runtime.adapter === null ? [] : [{ term: words.adapter, value: runtime.adapter }]),
        ]}
      />
      <Disclosure summary={words.details}>
        <Facts
          facts={[
            { term: words.workers, value: runtime.workers },
            { term: words.hash, value: <code title={model.sha256}>{`${model.sha256.slice(0, 12)}…`}</code> },
          ]}
        />
      </Disclosure>
    </Card>
  )
}
