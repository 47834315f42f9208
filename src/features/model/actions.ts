/** Getting a student into the worker: its files by bytes, the runtime, and the proof that the worker has no network. */
import { SoftpostError, toReport } from '../../../workers/protocol/errors.ts'
import type { LoadFile, ModelFile } from '../../../workers/protocol/tuner.ts'
import type { WeightFormat } from '../../../workers/protocol/tuning.ts'
import type { ModelInfo } from '../../../workers/protocol/wire.ts'
import { endTuner, onTunerEnd, tuner, wishBackend } from '../../engine/bridge.ts'
import { forgetModel, keepList, keptList, makeRoom } from '../../engine/modelCache.ts'
import { loadModelFile } from '../../engine/modelDownload.ts'
import { getPublic, listModels } from '../../engine/net.ts'
import { readFolder } from '../../engine/modelFolder.ts'
import { type BackendWish, deviceFacts } from '../../engine/pool.ts'
import { useRuns } from '../../engine/runs.ts'
import { chosenStudent, isLoading, useModel } from './store.ts'

/** tfjs's builds with and without SIMD; the worker takes the one that the browser can run. */
const WASM_FILES = ['tfjs-backend-wasm.wasm', 'tfjs-backend-wasm-simd.wasm'] as const

export async function listStudents(): Promise<void> {
  if (useModel.getState().list === 'reading') return
  useModel.setState({ list: 'reading', error: null })
  try {
    const [models, device] = await Promise.all([readList(), deviceFacts()])
    const students = models.filter(({ role, files }) => role === 'student' && files.length > 0)
    useModel.setState({ list: 'read', students, device })
  } catch (error) {
    useModel.setState({ list: 'failed', error: toReport(error) })
  }
}

/** From the provider, or as it was at the last visit where there is no network now. */
async function readList(): Promise<readonly ModelInfo[]> {
  try {
    const models = await listModels()
    await keepList(models)
    return models
  } catch (error) {
    const kept = error instanceof SoftpostError && error.code === 'network' ? await keptList() : null
    if (kept === null) throw error
    return kept
  }
}

/** Another student takes the place of the one that is loaded; the rows are read again for it. */
export function chooseStudent(id: string): void {
  if (useModel.getState().status === 'ready') endTuner()
  useModel.setState({ chosenId: id })
}

export function chooseBackend(backend: BackendWish): void {
  useModel.setState({ backend })
  wishBackend(backend)
}

/** Takes effect when the model is loaded. */
export function chooseWeights(weights: WeightFormat): void {
  useModel.setState({ weights })
}

/**
 * Opens a model from a folder on this computer; nothing of it is sent. Never throws: an error stands in the store.
 */
export function loadFolder(files: readonly File[]): Promise<void> {
  return begin(async (signal) => {
    const [folder] = await Promise.all([readFolder(files), openRuntime(signal)])
    await openModel(folder, signal)
    useModel.setState({ folder: folder.id })
  })
}

let loading: { readonly controller: AbortController; readonly work: Promise<void> } | null = null

/** Loads the chosen student, unless it is there or on its way. Never throws: an error stands in the store. */
export function loadStudent(): Promise<void> {
  return begin(async (signal) => {
    if (chosenStudent(useModel.getState()) === null) await listStudents()
    const info = chosenStudent(useModel.getState())
    if (info === null) {
      throw new SoftpostError('not-found', 'the provider offers no model to tune on; ask it for one')
    }
    useModel.setState({ madeRoomFor: await makeRoom(info) })
    const downloading = downloadStudent(info, signal).then((files) => {
      useModel.setState({ status: 'starting' })
      return files
    })
    const [files] = await Promise.all([downloading, openRuntime(signal)])
    await forgettingDamage(info, () => openModel({ id: info.id, files }, signal))
    useModel.setState({ folder: null })
  })
}

/** The same, rounded as the run needs it, where no model is open yet. */
export function loadStudentOf(runId: string | null): Promise<void> {
  const run = useRuns.getState().runs.find((each) => each.runId === runId)
  if (run !== undefined && useModel.getState().status !== 'ready') chooseWeights(run.weights)
  return loadStudent()
}

function begin(load: (signal: AbortSignal) => Promise<void>): Promise<void> {
  if (useModel.getState().status === 'ready') return Promise.resolve()
  if (loading !== null) return loading.work
  const controller = new AbortController()
  const work = reporting(() => load(controller.signal)).finally(() => {
    loading = null
  })
  loading = { controller, work }
  return work
}

export function cancelLoading(): void {
  loading?.controller.abort()
}

async function reporting(load: () => Promise<void>): Promise<void> {
  useModel.setState({ status: 'downloading', loadedBytes: 0, error: null })
  try {
    await load()
  } catch (error) {
    const report = toReport(error)
    // What is half open in the worker goes with it; its pool could not be opened again.
    endTuner()
    useModel.setState(
      report.code === 'cancelled' ? { status: 'none', error: null } : { status: 'failed', error: report },
    )
  }
}

type Folder = { readonly id: string; readonly files: readonly LoadFile[] }

/** Beside the download: the proof that the worker has no network, and what it computes with. */
async function openRuntime(signal: AbortSignal): Promise<void> {
  const opening = downloadRuntime(signal).then((wasm) => tuner.openRuntime(wasm, signal))
  const [runtime, probe] = await Promise.all([opening, tuner.probeNetwork()])
  useModel.setState({ probe, runtime })
}

async function openModel({ id, files }: Folder, signal: AbortSignal): Promise<void> {
  useModel.setState({ status: 'opening' })
  const model = await tuner.loadModel(id, files, useModel.getState().weights, signal)
  useModel.setState({ status: 'ready', model })
}

/** The worker hashes the weights: a file that is damaged is not to be met again. */
async function forgettingDamage({ sha256 }: ModelInfo, open: () => Promise<void>): Promise<void> {
  try {
    await open()
  } catch (error) {
    if (error instanceof SoftpostError && 'file' in error.data) await forgetModel(sha256)
    throw error
  }
}

async function downloadStudent(info: ModelInfo, signal: AbortSignal): Promise<LoadFile[]> {
  const received = new Map<string, number>()
  return await Promise.all(
    info.files.map(async (file) => {
      const onProgress = ({ loadedBytes }: { readonly loadedBytes: number }) => {
        received.set(file.name, loadedBytes)
        useModel.setState({ loadedBytes: [...received.values()].reduce((sum, bytes) => sum + bytes, 0) })
      }
      return await loadModelFile(info, file, { onProgress, signal })
    }),
  )
}

async function downloadRuntime(signal: AbortSignal): Promise<ModelFile[]> {
  return await Promise.all(
    WASM_FILES.map(async (name) => ({
      name,
      bytes: await getPublic(`/wasm/${name}`, 'runtime', undefined, signal),
    })),
  )
}

/** A worker that ended took the model with it. While loading, the call itself fails and says so. */
export function followTuner(): () => void {
  return onTunerEnd((error) => {
    const { status } = useModel.getState()
    if (isLoading(status) || status === 'none') return
    useModel.setState(
      error.code === 'cancelled' ? { status: 'none', model: null } : { status: 'failed', model: null, error },
    )
  })
}
