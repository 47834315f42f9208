import { memberCount } from '../../engine/pool.ts'
import { Card } from '../../ui/Card.tsx'
import { Facts } from '../../ui/Facts.tsx'
import { formatBytes } from '../../ui/format.ts'
import { MODEL_COPY } from './copy.ts'
import { chosenStudent, useModel } from './store.ts'

/** Weights are held as float32, whatever the file holds. */
const BYTES_PER_PARAMETER = 4

/** Whether this device can do it, before anything is downloaded. */
export function DeviceCard() {
  const state = useModel()
  const { device } = state
  const info = chosenStudent(state)
  if (device === null || info === null) return null
  const words = MODEL_COPY.device
  return (
    <Card
      title={words.title}
      lead={`${device.hasGpu ? words.withGpu : words.withoutGpu(memberCount(device))} ${words.able(formatBytes(info.parameters * BYTES_PER_PARAMETER))}`}
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
    </Card>
  )
}
