import { Notice } from '../../ui/Notice.tsx'
import { TUNE_COPY } from './copy.ts'
import { useConnection } from './online.ts'

export function NetworkNotice() {
  const connection = useConnection()
  const words = TUNE_COPY.network[connection]
  return (
    <Notice tone={connection === 'offline' ? 'good' : 'info'} title={words.title} live>
      <p>{words.detail}</p>
    </Notice>
  )
}
