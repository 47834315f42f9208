/** What a device's ledger of runs says to the page, and the file that keeps it beside the data. */
import * as z from 'zod/mini'

/** ε that the runs on one file may spend together where nobody chose another: two runs of the usual strength, and a little. */
export const DEFAULT_FILE_BUDGET = 16

/** Names of files are cut to this length. */
export const DATA_NAME_LENGTH = 255

const positive = z.number().check(z.positive(), z.lt(Number.POSITIVE_INFINITY))
const delta = z.number().check(z.positive(), z.lt(1))
const count = z.int().check(z.positive())

/** The noised mechanism of a run, as it was planned. */
export const PlannedMechanism = z.strictObject({
  /** Noise multiplier σ, Poisson rate q, steps T, clip norm C and expected batch B. */
  sigma: positive,
  sampleRate: z.number().check(z.positive(), z.lte(1)),
  steps: count,
  clipNorm: positive,
  expectedBatch: positive,
  /** Of the run by itself, by the accountant named. */
  epsilon: positive,
  delta,
  accountant: z.string().check(z.maxLength(64)),
  /** Noised counts of the held-out units; null where none were planned. */
  heldOut: z.nullable(z.strictObject({ sigma: positive, evaluations: count })),
})
export type PlannedMechanism = z.infer<typeof PlannedMechanism>

/** A run as it was reserved: before its first step, and never changed afterwards. */
export const LedgerRun = z.strictObject({
  id: z.uuid(),
  /** `audit`: a run whose prompt is for measuring alone. */
  purpose: z.enum(['tune', 'audit']),
  /** Milliseconds since 1970. */
  at: z.int().check(z.nonnegative()),
  dataName: z.string().check(z.maxLength(DATA_NAME_LENGTH)),
  unit: z.enum(['row', 'person']),
  /** Units that it may touch: trained on and held out. */
  size: count,
  /** The ledger that threw the units' coins: with another one, sides may differ. */
  dealer: z.uuid(),
  /** Runs that were reserved together, before the first output of any, share one. */
  series: z.uuid(),
  /** Null without differential privacy. */
  mechanism: z.nullable(PlannedMechanism),
})
export type LedgerRun = z.infer<typeof LedgerRun>

/** Runs that a budget file may hold; a file of more is not one of ours. */
const FILE_RUNS = 10_000

/**
 * The runs on one data file, to be kept beside it. It holds no fingerprints: whoever restores it says which file it is
 * about by having that file open.
 */
export const BudgetFile = z.strictObject({
  format: z.literal('softpost-budget'),
  version: z.literal(1),
  dataName: z.string().check(z.maxLength(DATA_NAME_LENGTH)),
  /** ε that was set for the file, and the δ it is meant at; null where it is the default. */
  budget: z.nullable(z.strictObject({ epsilon: positive, delta })),
  /** Exact figures of its rows were looked at. */
  seen: z.optional(z.boolean()),
  runs: z
    .array(
      z.strictObject({
        run: LedgerRun,
        stepsSpent: z.int().check(z.nonnegative()),
        /** Whether its prompt was handed out. */
        released: z.boolean(),
      }),
    )
    .check(z.maxLength(FILE_RUNS)),
})
export type BudgetFile = z.infer<typeof BudgetFile>

/** How runs were composed: by plans that were all fixed before the first output, or as runs that followed it. */
export type CompositionRule = 'fixed-plans' | 'renyi-filter'

/** What a file's rows have given away, as far as this ledger knows. For this screen alone: see `docs/privacy.md`. */
export type FileBudget = {
  /** ε of all runs that share a row with the file, at `delta`; Infinity where no figure holds. */
  readonly spent: number
  readonly delta: number
  readonly rule: CompositionRule
  /** ε that they may spend together, and whether somebody chose it. */
  readonly budget: number
  readonly isDefault: boolean
  /** Runs with differential privacy, and without. */
  readonly runs: number
  readonly plainRuns: number
  /** A prompt without differential privacy was handed out: no figure covers it. */
  readonly plainReleased: boolean
  /** Exact figures of the rows were looked at: choices that followed are not covered. */
  readonly seen: boolean
  /** Whether a budget file holds all of these runs. */
  readonly saved: boolean
  /** False where entries of the ledger were lost or changed from outside. */
  readonly intact: boolean
}

/** The same with a run added that is only planned. */
export type BudgetForecast = FileBudget & {
  readonly total: number
  readonly totalRule: CompositionRule
  readonly fits: boolean
  /** ε by itself of the largest run with the same q and T that still fits; null where none does, or where this one does. */
  readonly affordable: number | null
}

/** One line of the ledger. */
export type LedgerLine = {
  readonly run: LedgerRun
  readonly stepsSpent: number
  readonly released: boolean
  readonly saved: boolean
}

/**
 * Restored runs on a data file that this browser does not know. What its rows have spent counts once somebody opens it
 * and says that it is the one.
 */
export type WaitingFile = { readonly name: string; readonly runs: number }

/** All that the ledger knows, file by file. */
export type LedgerReport = {
  readonly intact: boolean
  readonly files: readonly {
    readonly name: string
    readonly budget: FileBudget
    readonly runs: readonly LedgerLine[]
  }[]
}

/** The same in a browser, with restored runs that are in no figure yet. */
export type BrowserLedgerReport = LedgerReport & { readonly waiting: readonly WaitingFile[] }
