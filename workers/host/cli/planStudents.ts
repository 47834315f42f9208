/** The students of an evaluation plan: folders that are there, and those that it says how to make, made once. */
import { dirname, join, resolve } from 'node:path'
import { recipeOf, type Recipe, type StudyPlan } from '../../evaluate/study/plan.ts'
import { runOf, type MadeStudent } from '../../evaluate/study/students.ts'
import { SoftpostError } from '../../protocol/errors.ts'
import type { BackendName } from '../../protocol/tuning.ts'
import { openCorpusFile } from '../corpusFile.ts'
import { hasManifest, readManifest } from '../modelFolder.ts'
import { hashOf } from '../study/ground.ts'
import { distillStudent } from './distill.ts'
import { readArguments, readCorpusFile } from './distillArguments.ts'
import { pathsBeside, readLosses } from './distillFiles.ts'
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
  const folders: Record<string, string> = {}
  const made: MadeStudent[] = []
  // Students share their corpora, which may be large.
  const hashes = new Map<string, string>()
  for (const [name, source] of Object.entries(asked.plan.students)) {
    const recipe = recipeOf(asked.plan, name)
    if (recipe === null) {
      folders[name] = resolve(base, typeof source === 'string' ? source : '')
      continue
    }
    const folder = await findFolder(asked, { base, name, recipe, hashes })
    if (asked.needed.has(name)) await makeOnce(asked, { base, name, recipe, folder })
    folders[name] = folder
    if (await hasManifest(folder)) made.push({ name, recipe, run: await readRun(folder) })
  }
  return { folders, made }
}

type Wanted = { readonly base: string; readonly name: string; readonly recipe: Recipe }

/** Under a name made of all that the student follows from: with another recipe, teacher or corpus it is another one. */
async function findFolder(
  { plan, out, needed }: StudentsAsked,
  { base, name, recipe, hashes }: Wanted & { readonly hashes: Map<string, string> },
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
    return join(students, `${name}-${hashOf([recipe, teacher.sha256, corpus])}`)
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
  { base, name, recipe, folder }: Wanted & { readonly folder: string },
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

async function readRun(folder: string): Promise<MadeStudent['run']> {
  return runOf(await readLosses(pathsBeside(folder)))
}
