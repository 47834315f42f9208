import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { ErrorNotice } from '../../ui/ErrorNotice.tsx'
import { formatCount } from '../../ui/format.ts'
import { Progress } from '../../ui/Progress.tsx'
import { findSamples, openSample } from './actions.ts'
import { DATA_COPY } from './copy.ts'
import styles from './SampleCard.module.css'
import { useData } from './store.ts'

export function SampleCard() {
  const samples = useData((state) => state.samples)
  const error = useData((state) => state.samplesError)
  const words = DATA_COPY.sample
  return (
    <Card title={words.title}>
      {error === null ? null : (
        <ErrorNotice
          error={error}
          actions={<Button onClick={() => void findSamples()}>{DATA_COPY.failed.again}</Button>}
        />
      )}
      {samples === null && error === null ? <Progress label={words.listing} share={null} /> : null}
      {samples?.length === 0 ? <p>{words.none}</p> : null}
      <ul className={styles.list}>
        {samples?.map((sample) => (
          <li key={sample.id} className={styles.sample}>
            <div className={styles.words}>
              <p>{sample.description}.</p>
              <p className={styles.source}>
                {words.rows(formatCount(sample.files.train.rows))} · {sample.licence} · {sample.attribution}
              </p>
            </div>
            <Button variant="secondary" onClick={() => void openSample(sample)}>
              {words.use(sample.name)}
            </Button>
          </li>
        ))}
      </ul>
    </Card>
  )
}
