import type { CheckId } from '../../../workers/protocol/audit.ts'
import { formatCount, formatFigure, formatPercent, formatTiny } from '../../ui/format.ts'

export const AUDIT_COPY = {
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
} as const
