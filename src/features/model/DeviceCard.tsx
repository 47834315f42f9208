import { WEIGHT_FORMATS } from '../../../workers/protocol/tuning.ts'
import { memberCount } from '../../engine/pool.ts'
import { Card } from '../../ui/Card.tsx'
import { Facts } from '../../ui/Facts.tsx'
import { Select } from '../../ui/Field.tsx'
import { formatBytes } from '../../ui/format.ts'
import { chooseBackend, chooseWeights } from './actions.ts'
import { MODEL_COPY } from './copy.ts'
import { chosenStudent, isLoading, memoryOf, useModel, usesGpu } from './store.ts'

const BACKENDS = ['auto', 'webgpu', 'wasm'] as const

/** Whether this device can do it, before anything is downloaded. */
export function DeviceCard() {
  const state = useModel()
  const { device } = state
  const info = chosenStudent(state)
  if (device === null || info === null) return null
  const words = MODEL_COPY.device
  const withGpu = usesGpu(state)
  const bytes = memoryOf(info, withGpu ? state.weights : 'f32')
  return (
    <Card
      title={words.title}
      lead={`${withGpu ? words.withGpu : words.withoutGpu(memberCount(device, state.backend))} ${words.able(formatBytes(bytes))}`}
    >
      <Facts
        facts={[
          { term: words.cores, value: device.cores },
          {
            term: words.memory,
            value: device.memoryGiB === null ? words.unknown : words.memoryAtLeast(device.memoryGiB),
          },
          { term: words.gpu, value: device.hasGpu ? words.hasGpu : words.noGpu },
        ]}
      />
      <Select
        label={words.compute}
        value={state.backend}
        options={BACKENDS.map((value) => ({ value, label: words.backend[value] }))}
        disabled={isLoading(state.status)}
        onChange={(value) => {
          const wish = BACKENDS.find((backend) => backend === value)
          if (wish !== undefined) chooseBackend(wish)
        }}
      />
      {withGpu || state.weights !== 'f32' ? (
        <Select
          label={words.weights}
          hint={words.weightsHint}
          value={state.weights}
          options={WEIGHT_FORMATS.map((value) => ({ value, label: words.weightsOf[value] }))}
          disabled={isLoading(state.status)}
          onChange={(value) => {
            const weights = WEIGHT_FORMATS.find((format) => format === value)
            if (weights !== undefined) chooseWeights(weights)
          }}
        />
      ) : null}
    </Card>
  )
}
