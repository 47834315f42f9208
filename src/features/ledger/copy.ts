import { inLanguage } from '../../ui/language.ts'
import { LEDGER_DE } from '../../german/ledger.ts'
import type { BudgetForecast, CompositionRule, FileBudget, LedgerLine } from '../../../workers/protocol/ledger.ts'
import { formatFigure, formatPlural, formatTiny } from '../../ui/format.ts'

/** ε as it stands on screen; Infinity where no figure holds. */
function epsilon(value: number): string {
  return value === Infinity ? 'without limit' : `ε ${formatFigure(value)}`
}

const EN_LEDGER = {
  budget: {
    title: 'What these rows have given away',
    lead: 'Every private run tells a little more about the same rows, so their ε add up. This is what this browser profile knows of: runs in another browser, or before its data were cleared, are not in it.',
    bar: 'Spent, with this run',
    barOf: ({ total, budget }: BudgetForecast) => `${epsilon(total)} of ${epsilon(budget)}`,
    spent: 'Spent before',
    spentValue: ({ spent, runs, delta }: FileBudget) =>
      runs === 0
        ? 'nothing'
        : `${epsilon(spent)} in ${formatPlural(runs, 'run')}, at δ\u00A0=\u00A0${formatTiny(delta)}`,
    total: 'With this run',
    limit: 'All runs together may spend',
    limitValue: ({ budget, isDefault }: FileBudget) => (isDefault ? `${epsilon(budget)}, the usual` : epsilon(budget)),
    rule: {
      'fixed-plans': 'The whole plan counts from its start.',
      'renyi-filter':
        'Added up for runs that follow each other (a Rényi filter): it holds even if you chose a later run by what an earlier one showed. Steps that a stopped run did not take are not counted.',
    } satisfies Record<CompositionRule, string>,
    beyond: 'This run would give away too much',
    beyondDetail: (affordable: number | null) =>
      affordable === null
        ? 'Nothing more fits into what these rows may spend. You can let them spend more below; that makes every promise on them weaker.'
        : `A run of up to ε ${formatFigure(affordable)} still fits. You can also let these rows spend more below; that makes every promise on them weaker.`,
    take: (value: number) => `Use ε ${value}`,
    plain: 'A prompt without protection was handed out',
    plainDetail: 'It was tuned on these rows without differential privacy. No figure here covers it.',
    broken: 'Some entries of this browser’s list of runs are missing',
    brokenDetail:
      'They were lost or changed from outside, so more may be spent than the list says. Restore the budget file of these rows, or go on without what is missing; that you did stays on record.',
    mend: 'Go on without them',
  },
  change: {
    summary: 'Change, save or restore',
    label: 'ε that all runs on these rows may spend',
    wrong: 'Type a number above 0.',
    set: 'Set it',
    fileHint:
      'The budget file holds the runs on these rows: numbers, times and the file’s name, nothing of the rows themselves. Keep it beside your data. Restoring one adds its runs to the file that is open now, and lowers nothing.',
    save: 'Save the budget file',
    restore: 'Restore a budget file',
    restored: (added: number) =>
      added === 0 ? 'All of its runs were known already.' : `${formatPlural(added, 'run')} added to this file.`,
    changed: 'Set.',
    safe: 'Nothing was changed.',
  },
  file: { term: 'Spent so far', value: ({ spent, runs }: FileBudget) => (runs === 0 ? 'nothing' : epsilon(spent)) },
  list: {
    title: 'What your files have given away',
    lead: 'All runs on the same rows, added up, as far as this browser profile knows. A run that is deleted stays here: what was seen was seen.',
    caption: 'Runs, file by file',
    columns: { file: 'File', runs: 'Runs', spent: 'Spent', limit: 'May spend', saved: 'Budget file' },
    saved: 'saved',
    plain: (runs: number) => `${formatPlural(runs, 'run')} without protection`,
    plainReleased: 'and a prompt without protection was handed out',
    failed: 'The list of runs could not be read',
    safe: 'Your runs and files are not touched by this.',
    again: 'Try again',
  },
  waiting: {
    title: 'A backup holds runs on rows that this browser does not know',
    lead: 'A backup has nothing of your rows in it, so it cannot say which file it was. Until you do, what those runs gave away is in no figure here, and their prompts can be neither tried nor sent.',
    file: (name: string, runs: number) => `“${name}”: ${formatPlural(runs, 'run')}`,
    count: (name: string) => `The open file is “${name}”`,
    open: 'Open the file on Data',
    hint: 'Say it of an edited or shuffled copy too: one shared row is enough.',
  },
  saveFirst: {
    title: 'Save the budget file first',
    detail:
      'This browser does not promise to keep what this page stores: a private window forgets it, and a full disk may. The list of what your rows have spent would be lost while the prompt is out. Save the file and keep it beside your data; then you can send.',
    button: 'Save the budget file',
    safe: 'Nothing was sent.',
  },
  tune: {
    beyond: 'This plan would go beyond what these rows may spend.',
    action: 'Go to Privacy',
  },
} as const

export const LEDGER_COPY = inLanguage(EN_LEDGER, LEDGER_DE)

/** Runs and their kinds in one line of the table. */
export function describeRuns(lines: readonly LedgerLine[], { plainReleased }: FileBudget): string {
  const plain = lines.filter(({ run }) => run.mechanism === null).length
  const words = LEDGER_COPY.list
  const parts = [
    ...(lines.length > plain ? [formatPlural(lines.length - plain, 'run')] : []),
    ...(plain > 0 ? [words.plain(plain)] : []),
    ...(plainReleased ? [words.plainReleased] : []),
  ]
  return parts.join(', ')
}

export function describeEpsilon(value: number): string {
  return epsilon(value)
}
