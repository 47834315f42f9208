import { type ReactNode, useEffect, useState } from 'react'
import { suggestPublicSet } from '../../../workers/protocol/publicSets.ts'
import type { RunSummary } from '../../../workers/protocol/tuner.ts'
import { Button } from '../../ui/Button.tsx'
import { ErrorNotice } from '../../ui/ErrorNotice.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { SaveFirst } from '../ledger/SaveFirst.tsx'
import { WithRun } from '../runs/RunPicker.tsx'
import { LocalFailure } from '../tryout/LocalFailure.tsx'
import { Choices } from './Choices.tsx'
import { CompareCard } from './CompareCard.tsx'
import { Consent } from './Consent.tsx'
import { SEND_COPY } from './copy.ts'
import { JobCard } from './JobCard.tsx'
import { Payload } from './Payload.tsx'
import { ProjectCard } from './ProjectCard.tsx'
import { type Provider, readProvider, sendAgain, teacherOf, useSend } from './store.ts'
import { openTransfers, useTransfers } from './transfers.ts'
import { isFor, useUpload } from './useUpload.ts'

export function Panel() {
  useEffect(() => {
    void openTransfers()
    if (useSend.getState().provider.status === 'unread') void readProvider()
  }, [])
  return <WithRun>{(run) => <SendRun key={run.runId} run={run} />}</WithRun>
}

function SendRun({ run }: { readonly run: RunSummary }) {
  const transfers = useTransfers((state) => state.transfers)
  const provider = useSend((state) => state.provider)
  const sent = transfers.filter(({ runId }) => runId === run.runId)
  const finished = sent.find(({ job }) => job.state === 'finished')
  const isOnItsWay = sent.some(({ job }) => job.state !== 'failed')
  return (
    <>
      {sent.map((transfer) => (
        <JobCard key={transfer.jobId} transfer={transfer} />
      ))}
      {finished === undefined ? null : <CompareCard transfer={finished} />}
      {provider.status === 'failed' ? (
        <ErrorNotice
          error={provider.error}
          safe={SEND_COPY.provider.safe}
          actions={<Button onClick={() => void readProvider()}>{SEND_COPY.provider.again}</Button>}
        />
      ) : provider.status === 'read' ? (
        <Folded when={isOnItsWay}>
          <Prepare run={run} provider={provider.provider} />
        </Folded>
      ) : (
        <Notice live>{SEND_COPY.provider.reading}</Notice>
      )}
    </>
  )
}

/** Once sent, the preparation is folded away, and its work not done until it is unfolded. */
function Folded({ when, children }: { readonly when: boolean; readonly children: ReactNode }) {
  const isOpen = useSend((state) => state.sendsAgain)
  if (!when || isOpen) return children
  return (
    <p>
      <Button onClick={sendAgain}>{SEND_COPY.sendAgain}</Button>
    </p>
  )
}

function Prepare({ run, provider }: { readonly run: RunSummary; readonly provider: Provider }) {
  const { publicSet, alpha } = useSend()
  const { publicSets } = provider
  const suggestion = suggestPublicSet(run.plan.task, publicSets)
  const wanted = publicSet ?? suggestion?.id
  const chosen = publicSets.find(({ id }) => id === wanted) ?? publicSets[0]
  return (
    <>
      <Choices provider={provider} publicSet={chosen?.id ?? ''} suggestion={suggestion} alpha={alpha} />
      {chosen === undefined ? null : <Shipping run={run} provider={provider} publicSet={chosen.id} />}
    </>
  )
}

type ShippingProps = { readonly run: RunSummary; readonly provider: Provider; readonly publicSet: string }

function Shipping({ run, provider, publicSet }: ShippingProps) {
  const alpha = useSend((state) => state.alpha)
  const choices = { publicSet, alpha, steps: null }
  const [project, setProject] = useState<readonly string[]>([])
  const state = useUpload(run.runId, choices, project)
  if (state.status === 'building') return <Notice live>{SEND_COPY.payload.building}</Notice>
  if (state.status === 'failed') return <LocalFailure error={state.error} again={state.again} />
  const { upload, release } = state
  const teacher = teacherOf(provider, upload.request.student.id)
  const shipment = { runId: run.runId, upload, teacherName: teacher?.name ?? SEND_COPY.largeModel }
  return (
    <>
      <ProjectCard run={run} declared={project} onChange={setProject} />
      <Payload release={release} upload={upload} endpoint={provider.endpoint} />
      <SaveFirst run={run}>
        <Consent
          shipment={shipment}
          host={new URL(provider.endpoint).host}
          isCurrent={isFor(upload, choices) && state.project === project}
        />
      </SaveFirst>
    </>
  )
}
