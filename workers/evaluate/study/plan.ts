/** An evaluation plan: which models, tasks, methods and numbers are compared. A JSON document (docs/formats.md). */
import * as z from 'zod/mini'
import { SoftpostError } from '../../protocol/errors.ts'
import { Task } from '../../protocol/task.ts'
import { STARTS } from '../../transfer/plan.ts'
import { parseSupport } from '../../transfer/support.ts'

/**
 * - `zero-shot`, `zero-shot-text`: the teacher without a prompt, and with the task's text as an untrained one.
 * - `student-zero-shot`: the student without a prompt.
 * - `full`: a prompt tuned on the teacher with the private rows: what the method avoids (FPT).
 * - `compressed`: the student with its own prompt (CPT). `direct`: the teacher with that prompt as it is (DT).
 * - `arithmetic`: z_t(x) + z_s(ps+x) − z_s(x). `zero-shot-transfer`: the teacher with a prompt that stands to its token
 *   embeddings as ps does to the student's (Wu et al. 2023). `post`: the teacher with the transferred prompt.
 * - `membership`: the likelihood ratio attack on the student's prompt.
 * - `teacher-leakage`, `student-leakage`: whether texts can be told to be of the training data, of which a published
 *   student should show less than its teacher (Min-K%). These take the plan's texts, not its tasks.
 */
export const METHODS = [
  'zero-shot',
  'zero-shot-text',
  'student-zero-shot',
  'full',
  'compressed',
  'direct',
  'arithmetic',
  'zero-shot-transfer',
  'post',
  'membership',
  'teacher-leakage',
  'student-leakage',
] as const
export type Method = (typeof METHODS)[number]

const count = z.number().check(z.int(), z.gt(0))
const positive = z.number().check(z.gt(0))

/** ε; null: no differential privacy; `clip`: clipping alone, without noise, which is no differential privacy either. */
const Epsilon = z.union([z.null(), z.literal('clip'), positive])
const Alpha = z.union([z.literal('auto'), z.number().check(z.gte(0), z.lte(1))])

/** Numbers that a table may sweep over. What is not given takes the defaults of `tune` and `transfer`. */
const SETTINGS = {
  promptLength: count,
  steps: count,
  batch: count,
  lr: positive,
  clip: positive,
  /** Steps without privacy on labelled rows of the public set before the first private one. */
  warmSteps: count,
  alpha: Alpha,
  publicTexts: count,
  transferSteps: count,
  transferLr: positive,
  init: z.enum(STARTS),
  support: z.string().check(z.refine((text) => parseSupport(text) !== null, 'full, labels, or top:N')),
  shadows: count,
  attackRows: count,
} as const
const Settings = z.strictObject({
  promptLength: z.optional(SETTINGS.promptLength),
  steps: z.optional(SETTINGS.steps),
  batch: z.optional(SETTINGS.batch),
  lr: z.optional(SETTINGS.lr),
  clip: z.optional(SETTINGS.clip),
  warmSteps: z.optional(SETTINGS.warmSteps),
  alpha: z.optional(SETTINGS.alpha),
  publicTexts: z.optional(SETTINGS.publicTexts),
  transferSteps: z.optional(SETTINGS.transferSteps),
  transferLr: z.optional(SETTINGS.transferLr),
  init: z.optional(SETTINGS.init),
  support: z.optional(SETTINGS.support),
  shadows: z.optional(SETTINGS.shadows),
  attackRows: z.optional(SETTINGS.attackRows),
})
export type Settings = z.infer<typeof Settings>
export type SettingName = keyof typeof SETTINGS

const some = <T extends z.ZodMiniType>(item: T) => z.array(item).check(z.minLength(1))
const Sweep = z.strictObject({
  promptLength: z.optional(some(SETTINGS.promptLength)),
  steps: z.optional(some(SETTINGS.steps)),
  batch: z.optional(some(SETTINGS.batch)),
  lr: z.optional(some(SETTINGS.lr)),
  clip: z.optional(some(SETTINGS.clip)),
  warmSteps: z.optional(some(SETTINGS.warmSteps)),
  alpha: z.optional(some(SETTINGS.alpha)),
  publicTexts: z.optional(some(SETTINGS.publicTexts)),
  transferSteps: z.optional(some(SETTINGS.transferSteps)),
  transferLr: z.optional(some(SETTINGS.transferLr)),
  init: z.optional(some(SETTINGS.init)),
  support: z.optional(some(SETTINGS.support)),
})

const path = z.string().check(z.minLength(1))
const name = z.string().check(z.regex(/^[\w.-]{1,64}$/))

const StudyTask = z.strictObject({
  /** A task, or the path of one. */
  task: z.union([path, Task]),
  train: path,
  /** Where it is not given, every tenth row of `train` is measured on, not tuned on. */
  test: z.optional(path),
  /** At most so many rows, evenly spread over the file. */
  trainRows: z.optional(count),
  testRows: z.optional(count),
  publicSets: z.record(name, path),
  /** Labels of the rows that make each class, where they are finer than the classes; rows of other labels are left out. */
  fold: z.optional(z.record(z.string(), some(z.string()))),
})

/** Options of `softpost distill`, by their names. Of 0 steps the student is the layers as they are cut. */
const DISTILLATION = {
  layers: z.string(),
  /** `FILE` or `FILE:times`. */
  corpus: z.optional(some(path)),
  steps: z.number().check(z.int(), z.gte(0)),
  template: z.optional(z.string()),
  'text-column': z.optional(z.string()),
  'label-column': z.optional(z.string()),
  weights: z.optional(z.string()),
  temperature: z.optional(positive),
  freeze: z.optional(z.enum(['embeddings', 'head', 'nothing'])),
  batch: z.optional(count),
  sequence: z.optional(count),
  lr: z.optional(positive),
  clip: z.optional(positive),
  seed: z.optional(z.number().check(z.int(), z.gte(0))),
} as const
const Recipe = z.strictObject(DISTILLATION)
/** How a student is made. */
export type Recipe = z.infer<typeof Recipe>
const PartialRecipe = z.partial(Recipe)

/** Another student of the plan, that is made, as it was after so many of its steps. */
const Milestone = z.strictObject({ of: name, at: count })

/** Of one kind, so that nothing but having been seen tells them apart. */
const LeakageTexts = z.strictObject({
  /** Texts that the teacher was trained on and the student was not. */
  members: path,
  /** Texts that neither was trained on. */
  others: path,
})

const Table = z.strictObject({
  id: name,
  title: z.string(),
  methods: some(z.enum(METHODS)),
  /** All of the plan's where it does not say. */
  tasks: z.optional(some(name)),
  students: z.optional(some(name)),
  /** The first of each task where it does not say. */
  publicSets: z.optional(some(name)),
  epsilons: z.optional(some(Epsilon)),
  seeds: z.optional(some(z.number().check(z.int(), z.gte(0)))),
  settings: z.optional(Settings),
  sweep: z.optional(Sweep),
})

export const StudyPlan = z.strictObject({
  version: z.literal(1),
  title: z.string(),
  /** Paths are relative to the plan's file. */
  teacher: path,
  /** A folder, or how it differs from `distillation`, or a student on the way to another one. */
  students: z.record(name, z.union([path, Milestone, PartialRecipe])),
  /** What the students that are to be made have in common. */
  distillation: z.optional(PartialRecipe),
  tasks: z.record(name, StudyTask),
  texts: z.optional(z.record(name, LeakageTexts)),
  settings: z.optional(Settings),
  tables: some(Table),
})
export type StudyPlan = z.infer<typeof StudyPlan>
export type StudyTable = z.infer<typeof Table>
export type StudyTask = z.infer<typeof StudyTask>
export type Epsilon = z.infer<typeof Epsilon>

/** Where a student comes from. */
export type Origin =
  | { readonly kind: 'folder'; readonly path: string }
  /** `milestones`: steps after which the plan has it as a student of its own. */
  | { readonly kind: 'made'; readonly recipe: Recipe; readonly milestones: readonly number[] }
  | { readonly kind: 'milestone'; readonly of: string; readonly at: number }

/**
 * As the plan says.
 * @throws SoftpostError `usage` where a recipe lacks something, or there is no such way to another student.
 */
export function originOf(plan: StudyPlan, student: string): Origin {
  const own = plan.students[student]
  if (own === undefined) throw refused(`student ${student} is not in the plan`)
  if (typeof own === 'string') return { kind: 'folder', path: own }
  if ('of' in own) {
    const source = plan.students[own.of]
    const whole = typeof source === 'object' && !('of' in source) ? originOf(plan, own.of) : null
    if (whole?.kind === 'made' && own.at < whole.recipe.steps) return { kind: 'milestone', ...own }
    throw refused(`student ${student}: ${own.of} is not made in more than ${own.at} steps`)
  }
  const recipe = Recipe.safeParse({ ...plan.distillation, ...own })
  if (recipe.success) return { kind: 'made', recipe: recipe.data, milestones: milestonesOf(plan, student) }
  const [issue] = recipe.error.issues
  throw refused(`student ${student} cannot be made: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong form'}`)
}

function milestonesOf({ students }: StudyPlan, student: string): number[] {
  const steps = Object.values(students).flatMap((some) =>
    typeof some === 'object' && 'of' in some && some.of === student ? [some.at] : [],
  )
  return [...new Set(steps)].toSorted((a, b) => a - b)
}

/** @throws SoftpostError `usage` naming what is wrong. */
export function parsePlan(json: unknown, source: string): StudyPlan {
  const parsed = StudyPlan.safeParse(json)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const where = issue && issue.path.length > 0 ? ` at ${issue.path.join('.')}` : ''
    throw refused(`${source} is no evaluation plan${where}: ${issue?.message ?? 'wrong form'}`)
  }
  const plan = parsed.data
  const twice = Object.keys(plan.texts ?? {}).find((name) => name in plan.tasks)
  if (twice !== undefined) throw refused(`${source}: ${twice} names a task and texts`)
  for (const { id, tasks, students, publicSets } of plan.tables) {
    requireKnown(`table ${id}: task`, tasks, Object.keys(plan.tasks))
    requireKnown(`table ${id}: student`, students, Object.keys(plan.students))
    const sets = Object.values(plan.tasks).flatMap((task) => Object.keys(task.publicSets))
    requireKnown(`table ${id}: public set`, publicSets, sets)
  }
  for (const student of Object.keys(plan.students)) originOf(plan, student)
  const ids = plan.tables.map(({ id }) => id)
  if (new Set(ids).size < ids.length) throw refused(`${source}: two tables have one id`)
  return plan
}

function requireKnown(what: string, names: readonly string[] | undefined, known: readonly string[]): void {
  const unknown = names?.find((one) => !known.includes(one))
  if (unknown !== undefined) throw refused(`${what} ${unknown} is not in the plan; it has ${known.join(', ')}`)
}

function refused(message: string): SoftpostError {
  return new SoftpostError('usage', message)
}
