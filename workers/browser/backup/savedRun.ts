/** A run as a backup file holds it, and back. */
import { canonical } from '../../privacy/ledger/records.ts'
import type { Certificate } from '../../protocol/certificate.ts'
import type { SavedRun } from '../../protocol/backup.ts'
import { SoftpostError } from '../../protocol/errors.ts'
import { classNames, type Task } from '../../protocol/task.ts'
import { makeRelease } from '../../tune/prompt.ts'
import type { TuningState } from '../../tune/types.ts'
import type { StoredRun } from '../storage/schema.ts'

export type RestoredRun = { readonly run: StoredRun; readonly state: TuningState }

/** Whether a run has a prompt that no later step changes. */
export function isSavable(run: StoredRun): run is StoredRun & { readonly status: SavedRun['status'] } {
  return (run.status === 'finished' || run.status === 'stopped') && run.stepsDone > 0
}

export function savedRun(
  run: StoredRun & { readonly status: SavedRun['status'] },
  { prompt }: TuningState,
  certificate: Certificate,
): SavedRun {
  // The other prompt stays behind: a backup holds the one that the run has.
  const { error: _error, other: _other, points, labelTokens, heldOut, ...rest } = run
  return {
    ...rest,
    points: [...points],
    labelTokens: labelTokens && labelTokens.map((tokens) => tokens.slice()),
    heldOut: heldOut === null ? null : { ...heldOut, confusion: heldOut.confusion.map((row) => row.slice()) },
    prompt: toBase64(littleEndian(prompt)),
    certificate,
  }
}

/**
 * The run that a backup holds, once its parts agree with each other: the certificate is the one that its plan and its
 * prompt make, and its ε follows from its own numbers.
 *
 * @throws SoftpostError `file-format`; `certificate` for one that claims less than its numbers prove.
 */
export async function restoredRun({ prompt: text, certificate, ...saved }: SavedRun): Promise<RestoredRun> {
  const { plan, labelTokens, heldOut } = saved
  const prompt = floatsOf(text)
  const { isExtract, classes, predictions } = shapeOf(plan.task)
  requirePart(prompt.length > 0 && prompt.length % plan.promptLength === 0, 'its prompt is cut short')
  requirePart(
    isExtract ? labelTokens === null : labelTokens?.length === classes,
    'its label words do not fit its classes',
  )
  requirePart(
    heldOut === null ||
      (heldOut.confusion.length === classes && heldOut.confusion.every((row) => row.length === predictions)),
    'its table of labels does not fit its classes',
  )
  requirePart(saved.stepsDone <= saved.stepsSpent && saved.stepsSpent <= plan.steps, 'its steps do not add up')
  const isPrivate = plan.privacy !== null
  requirePart(
    [...saved.points, ...(heldOut === null ? [] : [heldOut])].every(({ covered }) => covered === isPrivate),
    'its curves are not those of its plan',
  )
  const made = await makeRelease({ plan, prompt, student: { ...saved.student }, sawPrivate: false })
  requirePart(sameButForTheChoice(made.certificate, certificate), 'its certificate belongs to another prompt')
  return {
    run: { ...saved, error: null },
    // Only a run that goes on needs the optimizer's moments.
    state: {
      prompt,
      moments: { m: new Float32Array(), v: new Float32Array() },
      stepsDone: saved.stepsDone,
    },
  }
}

/** Of the table of held-out answers: for texts right and wrong ones. */
function shapeOf(task: Task): { readonly isExtract: boolean; readonly classes: number; readonly predictions: number } {
  if (task.kind === 'extract') return { isExtract: true, classes: 1, predictions: 2 }
  const classes = classNames(task).length
  return { isExtract: false, classes, predictions: classes }
}

/** Project and selection say what else was done, which the run itself does not know. */
function sameButForTheChoice(made: Certificate, given: Certificate): boolean {
  return ofTheRun(made) === ofTheRun(given)
}

function ofTheRun({ project: _project, selection: _selection, ...rest }: Certificate): string {
  return canonical(rest)
}

function requirePart(isSound: boolean, what: string): void {
  if (isSound) return
  throw new SoftpostError(
    'file-format',
    `a run in this backup is not whole (${what}), so nothing was put back; choose another copy of the file`,
  )
}

function littleEndian(values: Float32Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(values.length * 4)
  const view = new DataView(bytes.buffer)
  for (const [place, value] of values.entries()) view.setFloat32(place * 4, value, true)
  return bytes
}

function floatsOf(text: string): Float32Array<ArrayBuffer> {
  const bytes = fromBase64(text)
  const view = new DataView(bytes.buffer)
  return Float32Array.from({ length: Math.floor(bytes.length / 4) }, (_, place) => view.getFloat32(place * 4, true))
}

/** `String.fromCharCode` takes so many arguments everywhere. */
const CHUNK = 8_192

function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (let from = 0; from < bytes.length; from += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(from, from + CHUNK))
  }
  return btoa(binary)
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
  } catch (error) {
    throw new SoftpostError('file-format', 'a prompt in this backup is not readable; choose another copy of the file', {
      cause: error,
    })
  }
}
