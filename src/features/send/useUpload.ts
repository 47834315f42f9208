import { useEffect, useState } from 'react'
import { tuner } from '../../engine/bridge.ts'
import { buildUpload, type TransferChoices, type TransferUpload } from '../../engine/upload.ts'
import { type ErrorReport, toReport } from '../../../workers/protocol/errors.ts'
import type { Release } from '../../../workers/protocol/tuner.ts'

export type UploadState =
  | { readonly status: 'building' }
  | {
      readonly status: 'ready'
      readonly release: Release
      readonly upload: TransferUpload
      /** The runs that its certificate declares beside its own. */
      readonly project: readonly string[]
    }
  | { readonly status: 'failed'; readonly error: ErrorReport; readonly again: () => void }

/**
 * What would be sent for these choices. Bytes do not belong into a store, so they live as long as the step is open.
 * While a changed request is put together the last one stays on screen; {@link isFor} tells whether it is current.
 */
export function useUpload(
  runId: string,
  { publicSet, alpha, steps }: TransferChoices,
  project: readonly string[],
): UploadState {
  const [state, setState] = useState<UploadState>({ status: 'building' })
  useEffect(() => {
    let current = true
    const show = (next: UploadState) => {
      if (current) setState(next)
    }
    const build = async () => {
      try {
        const release = await tuner.release(runId, project)
        const upload = await buildUpload(release, { publicSet, alpha, steps })
        show({ status: 'ready', release, upload, project })
      } catch (error) {
        show({ status: 'failed', error: toReport(error), again: () => void build() })
      }
    }
    void build()
    return () => {
      current = false
    }
  }, [runId, publicSet, alpha, steps, project])
  return state
}

export function isFor({ request }: TransferUpload, { publicSet, alpha, steps }: TransferChoices): boolean {
  return request.publicSet === publicSet && request.alpha === alpha && request.steps === steps
}
