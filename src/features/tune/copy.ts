import { inLanguage } from '../../ui/language.ts'
import { TUNE_DE } from '../../german/tune.ts'
import type { RunStatus } from '../../../workers/protocol/tuner.ts'

const EN_TUNE = {
  needsPlan: {
    title: 'Make a plan first',
    detail: 'A run starts from a plan: how many steps, and how much noise.',
    action: 'Go to Privacy',
  },
  start: {
    title: 'Ready to start',
    anotherTitle: 'Another run by the same plan',
    lead: (steps: string, time: string | null) =>
      time === null ? `${steps}.` : `${steps}, about ${time} on this device.`,
    budget: (epsilon: string) => `This run may spend ε ${epsilon} of what your file’s rows give away.`,
    noBudget: 'This run has no differential privacy.',
    button: 'Start tuning',
    again: 'Start another run',
    failed: 'No step was taken and no budget was spent.',
  },
  status: {
    running: 'Tuning',
    paused: 'Paused',
    finished: 'Finished',
    stopped: 'Stopped early',
    failed: 'Failed',
  } satisfies Record<RunStatus, string>,
  run: {
    title: (dataName: string) => `Run on ${dataName}`,
    progress: 'Steps',
    steps: (done: string, of: string) => `${done} of ${of}`,
    left: (time: string) => `about ${time} left`,
    pace: (examples: string) => `${examples} rows a second`,
    warming: 'Taking the first steps',
    pause: 'Pause',
    resume: 'Go on',
    stop: 'Stop here',
    loadingModel: 'Loading the model again',
    pausedHint:
      'The last saved step is kept in this browser. Going on takes fresh batches and fresh noise; budget that was spent stays spent.',
    stoppedHint: 'The prompt as it was at the last step is kept. Its certificate states the whole planned budget.',
    finishedHint: 'The prompt is kept in this browser.',
    askFailed: 'The run itself is kept at its last saved step.',
    failedSafe: 'The last saved step is kept.',
    lost: (steps: string) => `${steps} of the plan fell away at a pause or a reload; the budget stays spent.`,
    try: 'Try it on a text',
    send: 'Look at what would be sent',
  },
  wake: {
    held: 'The screen stays on while you watch. You may also look at other tabs: the run goes on.',
    background: 'You may look at other tabs: the run goes on. Keep the device awake.',
    slept: (time: string) => `The browser had put this page to sleep for ${time}`,
    sleptDetail: 'No step was lost: the run went on where it stood. Keep this tab in a window of its own to avoid it.',
  },
  selfCheck: {
    good: (step: string) => `Checked after step ${step}:`,
    moved: 'the prompt learns',
    noise: 'the noise has the planned size',
    finite: 'the numbers are sound',
    faults: {
      title: 'A check after the first steps found something wrong',
      moved: 'The prompt has not moved since the start. A higher learning rate may help.',
      noise:
        'The noise does not have the planned size. Do not send this prompt; reload the page, and test the noise on the Privacy step.',
      finite: 'The model gave numbers that are not finite. Try another model, or choose WASM to compute with.',
    },
  },
  stopDialog: {
    title: 'Stop this run here?',
    detail:
      'The prompt as it is now is kept and can be tried and sent. This run cannot go on afterwards, and its whole planned budget counts as spent. To go on later, pause instead.',
    keep: 'Keep tuning',
    stop: 'Stop here',
  },
  network: {
    online: {
      title: 'You can switch off Wi-Fi now',
      detail: 'Nothing until Send needs the network. The steps will go on.',
    },
    offline: { title: 'This device is offline', detail: 'Tuning goes on all the same, as it should.' },
    back: { title: 'This device is online again', detail: 'It was offline for a while, and tuning did not mind.' },
  },
  curves: {
    title: 'How it learns',
    covered:
      'These curves are covered too: what you see has noise like the prompt itself, so watching, stopping and starting again gives nothing more away. Thin lines are single steps, thick ones their mean. A row that pulls on the prompt harder than the limit is shortened to it. Surprise should fall, and right guesses should rise.',
    plain: 'Exact figures of the rows of each step. Thin lines are single steps, thick ones their mean.',
    loss: 'Surprise at the right answer (loss)',
    accuracy: 'Right guesses',
    clipped: 'Rows that were shortened',
    epsilon: 'Budget spent (ε)',
    limit: (epsilon: string) => `planned: ${epsilon}`,
    noEpsilon: 'No differential privacy: there is no ε to count.',
    each: 'each step',
    mean: 'mean of recent steps',
    spent: 'spent',
    step: 'Step',
    none: '–',
    of: (spent: string, planned: string) => `${spent} of ${planned}`,
    summary: (title: string, first: string, last: string, step: string) =>
      `${title}: ${first} at first, ${last} at step ${step}.`,
    empty: 'The first point comes after the first step.',
  },
  heldOut: {
    title: 'On rows it has not seen',
    lead: {
      row: (step: string) => `Some rows were kept apart by a coin flip each. Measured after step ${step}.`,
      person: (step: string) =>
        `Some persons were kept apart with all their rows, by a coin flip each. Each counts as one, measured after step ${step}.`,
    },
    chosen: (step: string) => `You took the prompt of step ${step} in the place of the last one.`,
    chosenStart: 'You took the prompt that the run began with in the place of the last one.',
    other: {
      title: {
        start: 'On these rows the model did better with the prompt it began with',
        step: (step: string) => `On these rows the prompt of step ${step} did better`,
        last: 'The last prompt is still there',
      },
      detail: (other: string, own: string) => `${other} right there, ${own} with the prompt that this run has now.`,
      why: 'Later steps can make a prompt worse when most texts were answered rightly before: what is left to learn drowns in the noise. Taking another prompt costs no privacy and can be undone.',
      whyPlain: 'Later steps can make a prompt worse. Taking another one can be undone.',
      take: {
        start: 'Take the first prompt',
        step: (step: string) => `Take the prompt of step ${step}`,
        last: 'Take the last prompt again',
      },
      taking: 'Taking it …',
    },
    covered: 'Counts have noise and are rounded, so that they are covered by the run’s ε as well. They may not add up.',
    accuracy: 'right',
    matrix: 'What the model said, by label in the file',
    answers: 'An answer counts as right where the model would write exactly the words in the file.',
    waiting: 'The first measurement comes in a while.',
  },
} as const

export const TUNE_COPY = inLanguage(EN_TUNE, TUNE_DE)
