import type { ModelInfo } from '../../../workers/protocol/wire.ts'
import { Facts } from '../../ui/Facts.tsx'
import { formatBytes, formatPlural } from '../../ui/format.ts'
import { MODEL_COPY } from './copy.ts'
import { sizeOf } from './store.ts'

export function StudentFacts({ info }: { readonly info: ModelInfo }) {
  const words = MODEL_COPY.facts
  return (
    <Facts
      facts={[
        ...(info.teacher === null ? [] : [{ term: words.standsFor, value: info.teacher }]),
        { term: words.size, value: formatBytes(sizeOf(info)) },
        { term: words.parameters, value: words.inLayers(info.parameters, formatPlural(info.layers, 'layer')) },
        { term: words.licence, value: info.licence },
      ]}
    />
  )
}
