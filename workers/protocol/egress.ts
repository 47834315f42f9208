/**
 * The egress table: for every field of every object that can leave the device, where it may go. A field without a row
 * is a type error here and is left out when an upload is built, so a new field cannot leave by omission.
 */
import type { BackupFile, SavedRun } from './backup.ts'
import type { Certificate } from './certificate.ts'
import type { BudgetFile } from './ledger.ts'
import type { Release } from './tuner.ts'
import type { ClassifyRequest, GenerateRequest, TransferRequest } from './wire.ts'

/** `device`: kept in this browser's storage. `file`: written into a file that the person saves. `server`: sent. */
export type Destinations = { readonly device: boolean; readonly file: boolean; readonly server: boolean }

type Leaf = string | number | boolean | null | readonly unknown[] | ArrayBufferView

type Join<K extends string, Rest extends string> = [Rest] extends [never] ? K : `${K}.${Rest}`

/** Dotted paths of a type's fields, of a union those of every member. Lists, byte arrays and records with free keys count as one field. */
export type FieldPath<T> = T extends Leaf
  ? never
  : string extends keyof T
    ? never
    : { [K in keyof T & string]-?: Join<K, FieldPath<NonNullable<T[K]>>> }[keyof T & string]

export type EgressTable<T> = Readonly<Record<FieldPath<T>, Destinations>>

const SENT: Destinations = { device: false, file: true, server: true }
const SENT_ONLY: Destinations = { device: false, file: false, server: true }
const SAVED: Destinations = { device: true, file: true, server: false }
const STAYS: Destinations = { device: true, file: false, server: false }

const CERTIFICATE_EGRESS: EgressTable<Certificate> = {
  format: SENT,
  version: SENT,
  'privacy.kind': SENT,
  'privacy.unit': SENT,
  'privacy.maxRowsPerPerson': SENT,
  'privacy.adjacency': SENT,
  'privacy.epsilon': SENT,
  'privacy.delta': SENT,
  'privacy.sigma': SENT,
  'privacy.sampleRate': SENT,
  'privacy.steps': SENT,
  'privacy.clipNorm': SENT,
  'privacy.accountant': SENT,
  'project.epsilon': SENT,
  'project.delta': SENT,
  'project.composition': SENT,
  'project.runs': SENT,
  selection: SENT,
  'declaredPublic.task.kind': SENT,
  'declaredPublic.task.template': SENT,
  'declaredPublic.task.labels': SENT,
  'declaredPublic.task.end': SENT,
  'declaredPublic.task.maxAnswerTokens': SENT,
  'declaredPublic.task.initText': SENT,
  'declaredPublic.promptLength': SENT,
  'declaredPublic.learningRate': SENT,
  'declaredPublic.optimizer': SENT,
  'student.id': SENT,
  'student.sha256': SENT,
  'student.weights': SENT,
  promptSha256: SENT,
}

/** What the worker hands over for a run. The matrix as numbers is for the picture alone; its bytes are what is sent. */
export const RELEASE_EGRESS: EgressTable<Release> = {
  adapterConfig: SENT,
  adapterModel: SENT,
  shape: STAYS,
  values: STAYS,
  ...under('certificate', CERTIFICATE_EGRESS),
}

/** `request.json`. */
export const TRANSFER_EGRESS: EgressTable<TransferRequest> = {
  version: SENT_ONLY,
  'student.id': SENT_ONLY,
  'student.sha256': SENT_ONLY,
  'student.weights': SENT_ONLY,
  'task.kind': SENT_ONLY,
  'task.template': SENT_ONLY,
  'task.labels': SENT_ONLY,
  'task.end': SENT_ONLY,
  'task.maxAnswerTokens': SENT_ONLY,
  'task.initText': SENT_ONLY,
  publicSet: SENT_ONLY,
  alpha: SENT_ONLY,
  steps: SENT_ONLY,
  ...under('certificate', CERTIFICATE_EGRESS),
}

/** A budget file, which the person keeps beside the data: what was run on it, and nothing of its rows. */
export const BUDGET_EGRESS: EgressTable<BudgetFile> = {
  format: SAVED,
  version: SAVED,
  dataName: SAVED,
  'budget.epsilon': SAVED,
  'budget.delta': SAVED,
  seen: SAVED,
  runs: SAVED,
}

const PLAN_EGRESS: EgressTable<SavedRun['plan']> = {
  'task.kind': SAVED,
  'task.template': SAVED,
  'task.labels': SAVED,
  'task.end': SAVED,
  'task.maxAnswerTokens': SAVED,
  'task.initText': SAVED,
  promptLength: SAVED,
  batchSize: SAVED,
  steps: SAVED,
  learningRate: SAVED,
  optimizer: SAVED,
  checkpointEvery: SAVED,
  trainRows: SAVED,
  sampleRate: SAVED,
  'privacy.epsilon': SAVED,
  'privacy.delta': SAVED,
  'privacy.sigma': SAVED,
  'privacy.clipNorm': SAVED,
  'privacy.epsilonPlanned': SAVED,
  'privacy.heldOutSigma': SAVED,
  'privacy.heldOutEvaluations': SAVED,
  'privacy.accountant': SAVED,
  maxRowsPerPerson: SAVED,
}

/** A run in a backup file. Neither its rows nor the optimizer's state have a field. */
export const SAVED_RUN_EGRESS: EgressTable<SavedRun> = {
  runId: SAVED,
  createdAt: SAVED,
  dataName: SAVED,
  ...under('plan', PLAN_EGRESS),
  'student.id': SAVED,
  'student.sha256': SAVED,
  'student.layers': SAVED,
  'student.weights': SAVED,
  labelTokens: SAVED,
  status: SAVED,
  stepsDone: SAVED,
  stepsSpent: SAVED,
  epsilonSpent: SAVED,
  points: SAVED,
  'heldOut.step': SAVED,
  'heldOut.accuracy': SAVED,
  'heldOut.confusion': SAVED,
  'heldOut.covered': SAVED,
  'heldOut.chosen': SAVED,
  'selfCheck.step': SAVED,
  'selfCheck.moved': SAVED,
  'selfCheck.noise': SAVED,
  'selfCheck.finite': SAVED,
  prompt: SAVED,
  ...under('certificate', CERTIFICATE_EGRESS),
}

/** A backup file. Each of its runs and budgets goes through its own table first. */
export const BACKUP_EGRESS: EgressTable<BackupFile> = { format: SAVED, version: SAVED, runs: SAVED, budgets: SAVED }

/** Texts for the large model: they leave only by a button that says so. */
export const CLASSIFY_EGRESS: EgressTable<ClassifyRequest> = { texts: SENT_ONLY }
export const GENERATE_EGRESS: EgressTable<GenerateRequest> = { texts: SENT_ONLY }

/** The rows of an object that stands in a field of another. */
function under<Prefix extends string, Path extends string>(
  prefix: Prefix,
  table: Readonly<Record<Path, Destinations>>,
): Readonly<Record<`${Prefix}.${Path}`, Destinations>> {
  const rows = Object.entries<Destinations>(table).map(([path, to]) => [`${prefix}.${path}`, to] as const)
  // Object.fromEntries forgets which keys it was given.
  return Object.fromEntries(rows) as Record<`${Prefix}.${Path}`, Destinations>
}

/** A copy of `value` with the fields whose row allows `destination`; what has no row stays behind. */
export function fieldsFor<T extends object>(
  destination: keyof Destinations,
  value: T,
  table: EgressTable<T>,
): Record<string, unknown> {
  return copyAllowed(value, '', (path) => allowed(table, path, destination))
}

type Verdict = 'copy' | 'descend' | 'leave'

function copyAllowed(value: object, prefix: string, verdict: (path: string) => Verdict): Record<string, unknown> {
  const copy: Record<string, unknown> = {}
  for (const [key, inner] of Object.entries(value) as [string, unknown][]) {
    const path = `${prefix}${key}`
    const found = verdict(path)
    if (found === 'copy') copy[key] = inner
    else if (found === 'descend' && isObject(inner)) copy[key] = copyAllowed(inner, `${path}.`, verdict)
    else if (found === 'descend' && inner === null) copy[key] = null
  }
  return copy
}

/** A path above rows is walked into only if something below it may go. */
function allowed(
  table: Readonly<Record<string, Destinations>>,
  path: string,
  destination: keyof Destinations,
): Verdict {
  const row = Object.hasOwn(table, path) ? table[path] : undefined
  if (row) return row[destination] ? 'copy' : 'leave'
  const below = Object.entries(table).some(([name, to]) => name.startsWith(`${path}.`) && to[destination])
  return below ? 'descend' : 'leave'
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
