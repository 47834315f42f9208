import { inLanguage } from '../../ui/language.ts'
import { RUNS_DE } from '../../german/runs.ts'
import type { RunSummary } from '../../../workers/protocol/tuner.ts'
import { formatFigure, formatPercent, formatPlural } from '../../ui/format.ts'
import { formatWhen } from '../../ui/when.ts'

/** ε as it is certified: of all planned steps, since a stop may follow from what was seen. */
export function certifiedEpsilon({ plan }: RunSummary): string {
  return certifiedClaim(plan.privacy?.epsilonPlanned ?? null)
}

export function certifiedClaim(epsilon: number | null): string {
  return epsilon === null ? RUNS_COPY.noLimit : `ε ${formatFigure(epsilon)}`
}

export function heldOutAccuracy({ heldOut }: RunSummary): string | null {
  return heldOut === null ? null : formatPercent(Math.min(1, Math.max(0, heldOut.accuracy)))
}

/** One line that tells a run from the others. */
export function describeRun(run: RunSummary): string {
  const accuracy = heldOutAccuracy(run)
  return [
    run.dataName,
    formatWhen(run.createdAt),
    certifiedEpsilon(run),
    ...(accuracy === null ? [] : [RUNS_COPY.right(accuracy)]),
  ].join(' · ')
}

const EN_RUNS = {
  pick: 'Which run?',
  reading: 'Reading the runs that this browser keeps…',
  none: 'There is no prompt yet',
  noneDetail: 'Tune a prompt first. A run that was stopped early counts too.',
  toTune: 'Go to Tune',
  safe: 'What was saved is not touched by this.',
  again: 'Try again',
  empty: 'No runs yet',
  emptyDetail: 'Runs appear here once tuning starts, and stay after you close the page.',
  facts: {
    steps: 'Steps',
    epsilonSpent: 'ε used so far',
    epsilonPlanned: 'ε of the whole plan',
    accuracy: 'Right on rows kept aside',
    length: 'Prompt length',
    batch: { row: 'Rows a step', person: 'Persons a step' },
    rate: 'Learning rate',
    classes: 'Classes',
    answers: 'Answers',
    rows: { row: 'Rows for tuning', person: 'Persons for tuning' },
    delta: 'δ',
    noise: 'Noise σ',
    clip: 'Clip length C',
  },
  answerText: 'short texts',
  noPrivacy: 'none: no privacy limit',
  noLimit: 'no privacy limit',
  right: (accuracy: string) => `${accuracy} right`,
  notMeasured: 'not measured',
  stepsOf: (done: number, planned: number) => `${done} of ${planned}`,
  settings: 'Settings of this run',
  resume: 'Continue on Tune',
  watch: 'Watch it on Tune',
  start: 'Start with a model',
  toTry: 'Try it',
  toSend: 'Send it',
  save: 'Save as PEFT folder',
  saved: 'Saved. The zip holds the prompt and its certificate; keep it with your data.',
  savedPlain:
    'Saved. This prompt was tuned without a privacy limit: it may give away what single rows say. The file’s name says so.',
  delete: 'Delete',
  deleteTitle: 'Delete this run?',
  deleteDetail: 'The prompt, its saved steps and its curves are removed from this browser and cannot be brought back.',
  deleteSpent: (epsilon: string) =>
    `The privacy it used (${epsilon}) stays used: anyone who saw the prompt or the curves still has seen them.`,
  deleteSent: 'A prompt that was sent stays with the provider until you delete it there, on the Send step.',
  deleteYes: 'Delete the run',
  keep: 'Keep it',
  backup: {
    title: 'A copy of your runs',
    lead: 'One file with every finished or stopped run: its prompt, its certificate, its curves, and what your rows have given away. Nothing of the rows themselves is in it.',
    save: 'Save a backup',
    restore: 'Restore a backup',
    saved: (runs: number) => `Saved, with ${formatPlural(runs, 'run')} in it. Keep it beside your data.`,
    leftOut: (runs: number) =>
      `Not in it: ${formatPlural(runs, 'run')}, unfinished or without a prompt. Going on takes your rows, and no backup holds those.`,
    savedPlain:
      'Runs without a privacy limit are in it with their exact curves and prompts; those may give away what single rows say.',
    restored: (added: number, known: number) =>
      [
        added === 0 ? 'There was nothing to put back.' : `${formatPlural(added, 'run')} put back.`,
        ...(known === 0 ? [] : [`Here already, and left as they were: ${formatPlural(known, 'run')}.`]),
      ].join(' '),
    safe: 'Your runs are as they were.',
  },
  deleteAll: {
    title: 'Leave nothing here',
    lead: 'On a machine that others use too.',
    button: 'Delete everything',
    running: 'A run is at work. Stop it first.',
    ask: 'Delete all runs from this browser?',
    detail:
      'All prompts, saved steps and curves, the list of what was sent and the provider’s key are removed and cannot be brought back. What your rows have spent stays noted, without the rows, so that nobody spends it twice. Prompts that were sent stay with the provider until you delete them there.',
    yes: 'Delete everything',
    partly: 'What is still listed was not deleted.',
  },
  transfers: 'Sent from this run',
  transferState: { queued: 'waiting', running: 'under way', finished: 'finished', failed: 'did not work' },
} as const

export const RUNS_COPY = inLanguage(EN_RUNS, RUNS_DE)
