import { useEffect } from 'react'
import { assertNever } from '../../../workers/protocol/errors.ts'
import { useRuns } from '../../engine/runs.ts'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { Disclosure } from '../../ui/Disclosure.tsx'
import { ErrorNotice } from '../../ui/ErrorNotice.tsx'
import { Select } from '../../ui/Field.tsx'
import { FolderButton } from '../../ui/FolderButton.tsx'
import { formatBytes } from '../../ui/format.ts'
import { Notice } from '../../ui/Notice.tsx'
import { Progress } from '../../ui/Progress.tsx'
import { cancelLoading, chooseStudent, listStudents, loadFolder, loadStudent } from './actions.ts'
import { MODEL_COPY } from './copy.ts'
import { DeviceCard } from './DeviceCard.tsx'
import { ProbeCard } from './ProbeCard.tsx'
import { ReadyCard } from './ReadyCard.tsx'
import { RouteFigure } from './RouteFigure.tsx'
import { chosenStudent, isLoading, sizeOf, useModel } from './store.ts'
import { AboutFacts, StudentFacts } from './StudentFacts.tsx'

export function Panel() {
  const list = useModel((state) => state.list)
  useEffect(() => {
    if (list === 'unread') void listStudents()
  }, [list])
  return (
    <>
      <RouteFigure />
      <StudentCard />
      <ReadyParts />
    </>
  )
}

function StudentCard() {
  const state = useModel()
  const isTuning = useRuns(({ runs }) => runs.some(({ status }) => status === 'running'))
  const info = chosenStudent(state)
  if (state.list === 'failed' && state.error !== null) {
    return (
      <ErrorNotice
        error={state.error}
        safe={MODEL_COPY.listFailed.safe}
        actions={<Button onClick={() => void listStudents()}>{MODEL_COPY.listFailed.again}</Button>}
      />
    )
  }
  if (state.list !== 'read') return <Progress label={MODEL_COPY.listing} share={null} />
  if (info === null) {
    return (
      <Notice
        tone="warn"
        title={MODEL_COPY.noStudents.title}
        actions={<Button onClick={() => void listStudents()}>{MODEL_COPY.listFailed.again}</Button>}
      >
        <p>{MODEL_COPY.noStudents.detail}</p>
      </Notice>
    )
  }
  return (
    <Card title={info.name} lead={MODEL_COPY.lead}>
      {state.students.length > 1 ? (
        <Select
          label={MODEL_COPY.choose}
          value={info.id}
          options={state.students.map(({ id, name }) => ({ value: id, label: name }))}
          disabled={isLoading(state.status) || isTuning}
          onChange={chooseStudent}
        />
      ) : null}
      <StudentFacts info={info} />
      <Loading size={sizeOf(info)} />
      <Disclosure summary={MODEL_COPY.about.summary}>
        <p>{info.description}</p>
        <AboutFacts info={info} />
      </Disclosure>
    </Card>
  )
}

function Loading({ size }: { readonly size: number }) {
  const { status, loadedBytes, error } = useModel()
  const total = formatBytes(size)
  switch (status) {
    case 'none':
      return (
        <>
          <div>
            <Button variant="primary" onClick={() => void loadStudent()}>
              {MODEL_COPY.load(total)}
            </Button>
          </div>
          <Disclosure summary={MODEL_COPY.folder.pick}>
            <p>{MODEL_COPY.folder.lead}</p>
            <FolderButton
              label={MODEL_COPY.folder.pick}
              hint={MODEL_COPY.folder.drop}
              onFiles={(files) => void loadFolder(files)}
            />
          </Disclosure>
        </>
      )
    case 'downloading':
    case 'starting':
    case 'opening':
      return (
        <>
          <Progress
            label={MODEL_COPY.stage[status]}
            share={status === 'downloading' ? loadedBytes / size : null}
            detail={status === 'downloading' ? MODEL_COPY.bytes(formatBytes(loadedBytes), total) : undefined}
          />
          <div>
            <Button onClick={cancelLoading}>{MODEL_COPY.cancel}</Button>
          </div>
        </>
      )
    case 'failed':
      return error === null ? null : (
        <ErrorNotice
          error={error}
          safe={MODEL_COPY.failed.safe}
          actions={<Button onClick={() => void loadStudent()}>{MODEL_COPY.loadAgain}</Button>}
        />
      )
    case 'ready':
      return null
    default:
      return assertNever(status)
  }
}

function ReadyParts() {
  const { status, model, runtime, probe, device } = useModel()
  if (status !== 'ready' || model === null || runtime === null) return device === null ? null : <DeviceCard />
  return (
    <>
      <ReadyCard model={model} runtime={runtime} />
      {probe === null ? null : <ProbeCard probe={probe} />}
    </>
  )
}
