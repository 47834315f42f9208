import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { SoftpostError } from '../workers/protocol/errors.ts'
import { App } from './app/App.tsx'
import { Insecure } from './app/Insecure.tsx'
import { followHash } from './app/navigation.ts'
import './app/theme.css'
import { showTheme, useTheme } from './app/theme.ts'
import { followInvitations, restoreKey } from './engine/key.ts'
import { followServiceWorker } from './engine/offline.ts'
import { followRuns, refreshRuns } from './engine/runs.ts'
import { followWake } from './engine/wakeLock.ts'
import { followTuner as followTunerWithData } from './features/data/actions.ts'
import { followTuner as followTunerWithModel } from './features/model/actions.ts'
import { findWorkshop } from './features/workshop/store.ts'
import { followSpending } from './features/ledger/actions.ts'
import { followTask } from './features/privacy/actions.ts'
import { LANGUAGE } from './ui/language.ts'
import { loadLines } from './ui/charts/loadLines.ts'

/** By then a model that is loaded at once, and a sample, are there. */
const OFFLINE_COPY_MS = 5_000

const root = document.querySelector('#root')
if (root === null) throw new SoftpostError('internal', 'the page has no place to draw in; reload it')

showTheme(useTheme.getState().theme)
document.documentElement.lang = LANGUAGE
if (isSecureContext) start(root)
else createRoot(root).render(<Insecure href={location.href} />)

function start(root: Element): void {
  // Before the address is read as a step: an invitation's key must leave it first.
  void restoreKey()
  followInvitations()
  followHash()
  followRuns()
  followTunerWithModel()
  followTunerWithData()
  followTask()
  followSpending()
  followWake()
  void findWorkshop()
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  )
  // What later steps need is fetched now, so that the network can be switched off while tuning.
  void refreshRuns()
  // A chart that is drawn tries again by itself and shows what goes wrong.
  loadLines().catch(() => undefined)
  // Its copy for use offline is nothing that anybody waits for, and takes a part of the processor and of the line.
  setTimeout(() => void followServiceWorker(), OFFLINE_COPY_MS)
}
