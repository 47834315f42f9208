import { inLanguage } from '../../ui/language.ts'
import { AUDIT_DE } from '../../german/audit.ts'
import type { AttackReport, CheckId, Estimate } from '../../../workers/protocol/audit.ts'
import { formatCount, formatFigure, formatPercent, formatTiny } from '../../ui/format.ts'

const EN_AUDIT = {
  noise: {
    title: 'Test the noise',
    lead: 'The promise rests on chance and noise that this browser makes. Softpost can put a few hundred steps with made-up rows through the same code that will read yours, and compare what comes out with what the proof needs. Your file is not read.',
    start: 'Test my noise',
    again: 'Test again',
    working: 'Testing on made-up rows',
    stop: 'Stop',
    stopping: 'Stopping…',
    passed: (checks: number) => `All ${checks} checks passed`,
    passedDetail: (ratio: number, steps: number, draws: number) =>
      `The noise that was released is ${formatPercent(ratio, 1)} of what it should be, over ${formatCount(steps)} steps and ${formatCount(draws)} single draws. Noise that is 5% too small would have been found.`,
    failed: 'The test found a fault',
    failedDetail:
      'Noise or sampling in this browser is not what the promise needs. Do not send a prompt that was tuned here. Reload the page or use another browser, and test again.',
    falseAlarm: (chance: number) =>
      `With sound noise the test fails by chance in ${formatTiny(chance)} of all cases at most.`,
    canaries: (correct: number, guesses: number, canaries: number) =>
      `We also played the attacker: ${formatCount(canaries)} made-up rows were thrown in or left out by coin, and whoever sees every noised step guessed ${formatCount(guesses)} of them. ${formatCount(correct)} guesses were right.`,
    bound: (lower: number, epsilon: number) =>
      `${lower === 0 ? 'That is too close to chance to show anything' : `That shows that ε is at least ${formatFigure(lower)}`}; the guarantee for your plan is at most ${formatFigure(epsilon)}.`,
    broken: (lower: number, epsilon: number) =>
      `That shows that ε is at least ${formatFigure(lower)}, more than the ${formatFigure(epsilon)} that the plan claims.`,
    boundHint: 'A low figure does not prove that all is well; it shows how far this attack got.',
    details: 'Each check',
    table: 'Checks of the self-test',
    columns: { check: 'What was looked at', verdict: 'Result', chance: 'Chance of a look this odd' },
    ok: 'passed',
    notOk: 'failed',
    safe: 'Your file, your plan and your runs are untouched.',
    checks: {
      'whole-numbers': 'Noise and sums are whole numbers',
      'noise-size': 'Noise is as large as planned',
      'noise-shape': 'Noise has the shape of a bell curve',
      'noise-tails': 'Very large noise is as frequent as it should be',
      'noise-fresh': 'Noise is new each time',
      'noise-on-empty': 'Steps without a row get noise as well',
      'row-size': 'A row adds what it may, and no more',
      'row-shape': 'What a row adds is spread as it should be',
      'batch-sizes': 'Batches are as large as independent coins make them',
      'batch-members': 'No row is picked more often than others',
      'batch-overlap': 'Each batch is drawn afresh',
    } satisfies Record<CheckId, string>,
  },
  attack: {
    title: 'What an attacker could tell',
    lead: 'Softpost can play the attacker: it tunes eight prompts the way yours was tuned, each on a random half of up to 400 of your rows, and tries to tell from each prompt which rows it was tuned on. All of it happens here, and its figures are not sent anywhere. It takes a few minutes.',
    start: 'Attack prompts like mine',
    again: 'Attack again',
    working: 'Tuning prompts to attack',
    stop: 'Stop',
    stopping: 'Stopping…',
    elsewhere: 'An attack on another run is under way.',
    needsFile: (name: string) =>
      `The attack reads the rows again. They are not kept once a run is over: open ${name} and its task once more.`,
    toData: 'Go to Data',
    safe: 'Your prompt and your runs are untouched.',
    seal: {
      title: 'Look at private figures?',
      detail:
        'These figures come from your rows, and ε does not cover them. If what you see makes you send this prompt, or another one, that choice may itself tell something about the rows. Send first if you want the guarantee to hold as it stands: once you have looked, the certificates of prompts from these rows say so.',
      keep: 'Leave it',
      go: 'Attack and look',
    },
    about: ({ shadows, rows, steps, batchSize, epsilon }: AttackReport) =>
      `${formatCount(shadows)} prompts, each tuned on about half of ${formatCount(rows)} rows, ${formatCount(steps)} steps of ${formatFigure(batchSize)} rows, ${epsilon === null ? 'without a privacy limit' : `with ε = ${formatFigure(epsilon)}`}.`,
    facts: {
      auc: 'Told apart, of pairs of a used and an unused row',
      found: 'Used rows found, with 1% false alarms',
      ceiling: 'The most that any attack may find so',
      ratio: 'Mean ln-ratio of used rows',
    },
    estimate: ({ value, low, high }: Estimate, format: (value: number) => string) =>
      `${format(value)} (${format(low)} to ${format(high)})`,
    noCeiling: 'no limit',
    verdict: ({ value, low }: Estimate) =>
      low > 0.5
        ? `This attack does better than guessing: of a used and an unused row it picks the used one ${Math.round(100 * value)} times in 100. By guessing it would be 50.`
        : 'This attack does no better than guessing, as far as so few prompts can tell.',
    curve: {
      title: 'Used rows found, by false alarms',
      figure: (found: string) => `${found} found at 1%`,
      x: 'False alarms (%)',
      attack: 'This attack',
      ceiling: 'Most that ε allows',
      guessing: 'Guessing',
      empty: 'No figures yet',
      summary: (found: string, most: string) =>
        `With 1% false alarms this attack finds ${found} of the used rows; any attack may find ${most} at most.`,
    },
    limits: (epsilon: number | null) => [
      epsilon === null
        ? 'Without differential privacy nothing limits what a better attack finds.'
        : 'The attack shows what is possible; the guarantee shows what is not. A better attack may lie anywhere between them.',
      'Prompts of few rows show more of each row than prompts of many, so your own prompt most likely shows less.',
      'Neither says what can be guessed about a person from what is generally true of people like them: differential privacy does not limit that.',
    ],
  },
} as const

export const AUDIT_COPY = inLanguage(EN_AUDIT, AUDIT_DE)
