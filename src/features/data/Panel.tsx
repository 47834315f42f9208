import { useEffect } from 'react'
import { assertNever } from '../../../workers/protocol/errors.ts'
import { goTo } from '../../app/navigation.ts'
import { Button } from '../../ui/Button.tsx'
import { ErrorNotice } from '../../ui/ErrorNotice.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { Progress } from '../../ui/Progress.tsx'
import { useModel } from '../model/store.ts'
import { closeFile, findSamples, reopen } from './actions.ts'
import { DATA_COPY } from './copy.ts'
import { FileCard } from './FileCard.tsx'
import { FilePicker } from './FilePicker.tsx'
import { ProblemsCard } from './ProblemsCard.tsx'
import { SampleCard } from './SampleCard.tsx'
import { useData } from './store.ts'
import { TaskCard } from './TaskCard.tsx'

export function Panel() {
  const hasModel = useModel(({ status }) => status === 'ready')
  const status = useData((state) => state.status)
  useEffect(() => {
    if (useData.getState().samples === null) void findSamples()
  }, [])
  useEffect(() => {
    if (hasModel && status === 'lost') void reopen()
  }, [hasModel, status])
  return hasModel ? <Open /> : <NeedsModel isLost={status === 'lost'} />
}

function NeedsModel({ isLost }: { readonly isLost: boolean }) {
  const words = isLost ? DATA_COPY.lost : DATA_COPY.needsModel
  return (
    <Notice title={words.title} actions={<Button onClick={() => goTo('model')}>{DATA_COPY.needsModel.action}</Button>}>
      <p>{words.detail}</p>
    </Notice>
  )
}

function Open() {
  const { status, fileName, error, report } = useData()
  switch (status) {
    case 'empty':
      return (
        <>
          <FilePicker />
          <SampleCard />
        </>
      )
    case 'fetching':
      return <Progress label={DATA_COPY.sample.fetching(fileName)} share={null} />
    case 'reading':
    case 'lost':
      return <Progress label={DATA_COPY.reading(fileName)} share={null} />
    case 'failed':
      return (
        <>
          {error === null ? null : (
            <ErrorNotice
              error={error}
              safe={DATA_COPY.failed.safe}
              actions={
                <>
                  <Button onClick={() => void reopen()}>{DATA_COPY.failed.again}</Button>
                  <Button variant="quiet" onClick={closeFile}>
                    {DATA_COPY.pick.another}
                  </Button>
                </>
              }
            />
          )}
          <FilePicker />
          <SampleCard />
        </>
      )
    case 'read':
      return (
        <>
          <FileCard />
          {report === null ? null : <ProblemsCard report={report} />}
          <TaskCard />
        </>
      )
    default:
      return assertNever(status)
  }
}
