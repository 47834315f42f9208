import type { ModelInfo } from '../../../workers/protocol/wire.ts'
import { Facts } from '../../ui/Facts.tsx'
import { formatBytes, formatPlural } from '../../ui/format.ts'
import { MODEL_COPY } from './copy.ts'
import { sizeOf } from './store.ts'

/** What a person needs to know before they load it. */
export function StudentFacts({ info }: { readonly info: ModelInfo }) {
  const words = MODEL_COPY.facts
  return (
    <Facts
      facts={[
        ...(info.teacher === null ? [] : [{ term: words.standsFor, value: info.teacher }]),
        { term: words.size, value: formatBytes(sizeOf(info)) },
        { term: words.licence, value: info.licence },
      ]}
    />
  )
}

/** What a specialist asks. */
export function AboutFacts({ info }: { readonly info: ModelInfo }) {
  const words = MODEL_COPY.facts
  return (
    <Facts
      facts={[
        { term: words.architecture, value: info.architecture },
        { term: words.parameters, value: words.inLayers(info.parameters, formatPlural(info.layers, 'layer')) },
        { term: words.hash, value: <code title={info.sha256}>{`${info.sha256.slice(0, 12)}…`}</code> },
      ]}
    />
  )
}
