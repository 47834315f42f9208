import { Notice } from '../../ui/Notice.tsx'

export function Panel() {
  return <Notice>This step is being built.</Notice>
}
