import type { HeldOutReport, RunSummary } from '../../../workers/protocol/tuner.ts'
import { Button } from '../../ui/Button.tsx'
import { formatCount, formatPercent } from '../../ui/format.ts'
import { Notice } from '../../ui/Notice.tsx'
import { exchangePrompt } from './actions.ts'
import { TUNE_COPY } from './copy.ts'
import { useTune } from './store.ts'

type OtherPromptProps = { readonly run: RunSummary; readonly own: HeldOutReport }

/** Offers the prompt of an earlier look that was clearly better, or the way back to the last one. */
export function OtherPrompt({ run: { runId, other, plan }, own }: OtherPromptProps) {
  const words = TUNE_COPY.heldOut.other
  const request = useTune((state) => state.request)
  if (other === null) return null
  const step = formatCount(other.step)
  const kind = own.chosen === true ? 'last' : other.step === 0 ? 'start' : 'step'
  const title = kind === 'step' ? words.title.step(step) : words.title[kind]
  const take = kind === 'step' ? words.take.step(step) : words.take[kind]
  return (
    <Notice
      live
      title={title}
      actions={
        <Button disabled={request !== 'none'} onClick={() => void exchangePrompt(runId)}>
          {request === 'exchanging' ? words.taking : take}
        </Button>
      }
    >
      <p>{words.detail(formatPercent(other.accuracy), formatPercent(own.accuracy))}</p>
      {kind === 'last' ? null : <p>{plan.privacy === null ? words.whyPlain : words.why}</p>}
    </Notice>
  )
}
