/** The students of an evaluation plan: folders that are there, and those that it says how to make, made once. */
import { dirname, join, resolve } from 'node:path'
import { originOf, type Origin, type Recipe, type StudyPlan } from '../../evaluate/study/plan.ts'
import { runOf, type MadeStudent } from '../../evaluate/study/students.ts'
import { SoftpostError } from '../../protocol/errors.ts'
import type { BackendName } from '../../protocol/tuning.ts'
import { openCorpusFile } from '../corpusFile.ts'
import { hasManifest, readManifest } from '../modelFolder.ts'
import { hashOf } from '../study/ground.ts'
import { distillStudent } from './distill.ts'
import { readArguments, readCorpusFile } from './distillArguments.ts'
import { milestoneName, pathsBeside, readLosses } from './distillFiles.ts'
import { usageError } from './options.ts'
import { cutStudent } from './student.ts'
import { readLayers } from './takeLayers.ts'

export type PlanStudents = {
  /** Of each student of the plan. Nothing lies there where it is neither needed nor made. */
  readonly folders: Readonly<Record<string, string>>
  readonly made: readonly MadeStudent[]
}

export type StudentsAsked = {
  readonly command: string
  readonly plan: StudyPlan
  readonly planFile: string
  readonly out: string
  readonly needed: ReadonlySet<string>
  readonly backend: 'auto' | BackendName
  /** Two processes must not make one student. */
  readonly mayMake: boolean
}

/** Makes what is needed and not there. Errors: `usage`, those of distillation. */
export async function preparePlanStudents(asked: StudentsAsked): Promise<PlanStudents> {
  const base = dirname(resolve(asked.planFile))
  const needed = withWholes(asked)
  // Students share their corpora, which may be large.
  const hashes = new Map<string, string>()
  const wholes: Record<string, Made> = {}
  for (const name of Object.keys(asked.plan.students)) {
    const origin = originOf(asked.plan, name)
    if (origin.kind !== 'made') continue
    const wanted = { ...origin, base, name }
    const folder = await findFolder({ ...asked, needed }, { ...wanted, hashes })
    if (needed.has(name)) await makeOnce(asked, { ...wanted, folder })
    wholes[name] = { folder, recipe: origin.recipe }
  }
  return await collect(asked.plan, { base, wholes })
}

/** What is needed, and what has to be made for it. */
function withWholes({ plan, needed }: StudentsAsked): ReadonlySet<string> {
  const wholes = [...needed].flatMap((name) => {
    const origin = originOf(plan, name)
    return origin.kind === 'milestone' ? [origin.of] : []
  })
  return new Set([...needed, ...wholes])
}

type Made = { readonly folder: string; readonly recipe: Recipe }

async function collect(
  plan: StudyPlan,
  { base, wholes }: { readonly base: string; readonly wholes: Readonly<Record<string, Made>> },
): Promise<PlanStudents> {
  const folders: Record<string, string> = {}
  const made: MadeStudent[] = []
  for (const name of Object.keys(plan.students)) {
    const origin = originOf(plan, name)
    if (origin.kind === 'folder') {
      folders[name] = resolve(base, origin.path)
      continue
    }
    const whole = wholes[origin.kind === 'made' ? name : origin.of]
    if (!whole) throw new Error(`preparePlanStudents: ${name} was not prepared`)
    const folder = origin.kind === 'made' ? whole.folder : milestoneName(whole.folder, origin.at)
    folders[name] = folder
    const upTo = origin.kind === 'made' ? Number.POSITIVE_INFINITY : origin.at
    if (await hasManifest(folder)) made.push({ name, recipe: whole.recipe, run: await readRun(whole.folder, upTo) })
  }
  return { folders, made }
}

type Wanted = Pick<Extract<Origin, { kind: 'made' }>, 'recipe' | 'milestones'> & {
  readonly base: string
  readonly name: string
}

/** Under a name made of all that the student follows from: with another recipe, teacher or corpus it is another one. */
async function findFolder(
  { plan, out, needed }: StudentsAsked,
  { base, name, recipe, milestones, hashes }: Wanted & { readonly hashes: Map<string, string> },
): Promise<string> {
  const students = join(resolve(out), 'students')
  try {
    const teacher = await readManifest(resolve(base, plan.teacher))
    const corpus: string[] = []
    for (const { path } of recipe.steps === 0 ? [] : corpusOf(recipe, base)) {
      const hash = hashes.get(path) ?? (await hashOfCorpus(recipe, path))
      hashes.set(path, hash)
      corpus.push(hash)
    }
    // Where the run has milestones they lie beside it.
    const made = [recipe, teacher.sha256, corpus, ...(milestones.length > 0 ? [milestones] : [])]
    return join(students, `${name}-${hashOf(made)}`)
  } catch (error) {
    // Its corpus need not be on this machine.
    if (error instanceof SoftpostError && !needed.has(name)) return join(students, name)
    throw error
  }
}

/** Of the file itself, however it is read. */
async function hashOfCorpus(recipe: Recipe, path: string): Promise<string> {
  const columns = { text: recipe['text-column'], label: recipe['label-column'] }
  const { sha256, close } = await openCorpusFile(path, columns, recipe.template ?? '{text}')
  await close()
  return sha256
}

function corpusOf({ corpus = [] }: Recipe, base: string): { readonly path: string; readonly times: number }[] {
  return corpus.map(readCorpusFile).map(({ path, times }) => ({ path: resolve(base, path), times }))
}

async function makeOnce(
  { command, plan, backend, mayMake }: StudentsAsked,
  { base, name, recipe, milestones, folder }: Wanted & { readonly folder: string },
): Promise<void> {
  if (await hasManifest(folder)) return
  if (!mayMake) {
    throw usageError(command, `student ${name} is not made yet; run once without --part, or on a table with it alone`)
  }
  const teacherDir = resolve(base, plan.teacher)
  if (recipe.steps === 0) {
    const layers = readLayers(command, recipe.layers)
    await cutStudent({ teacherDir, layers, folder: { command, out: folder, own: [], force: false }, id: name })
    return
  }
  const { corpus: _, freeze, ...numbers } = recipe
  const options = {
    ...numbers,
    ...(freeze === undefined || freeze === 'nothing' ? {} : { freeze }),
    teacher: teacherDir,
    out: folder,
    id: name,
    backend,
    ...(milestones.length > 0 ? { milestones: milestones.join(',') } : {}),
  }
  await distillStudent(
    readArguments([
      ...Object.entries(options).flatMap(([option, value]) => [`--${option}`, String(value)]),
      ...corpusOf(recipe, base).flatMap(({ path, times }) => ['--corpus', `${path}:${times}`]),
      // Where an earlier evaluation was stopped in the middle of it.
      '--resume',
    ]),
  )
}

async function readRun(folder: string, upTo: number): Promise<MadeStudent['run']> {
  const records = await readLosses(pathsBeside(folder))
  return runOf(records.filter(({ step }) => step <= upTo))
}
