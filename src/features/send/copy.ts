import { inLanguage } from '../../ui/language.ts'
import { SEND_DE } from '../../german/send.ts'
import { PARTS } from '../../../workers/protocol/wire.ts'
import { formatWhen } from '../../ui/when.ts'
import { formatCount, formatFigure, formatPlural, formatTiny } from '../../ui/format.ts'

const EN_SEND = {
  provider: {
    reading: 'Asking the provider what it offers…',
    safe: 'Nothing was sent. Your prompt stays on this device.',
    again: 'Ask again',
  },
  choices: {
    title: 'How the provider should carry it over',
    lead: 'The provider compares the small model with and without your prompt on public texts, and tunes a prompt for its large model until that one changes in the same way.',
    publicSet: 'Public texts to use',
    publicSetHint: 'Closest to your task is best. Your own texts play no part in it.',
    describeSet: (rows: number, licence: string, domain: string) =>
      `${formatCount(rows)} texts · ${domain} · ${licence}`,
    suggested: (shared: readonly string[]) =>
      `Suggested, since it shares words with your task: ${shared.slice(0, 4).join(', ')}.`,
    noSets: 'This provider offers no public texts, so it cannot transfer a prompt. Ask it for some.',
    alpha: 'What the large model should copy',
    alphaAuto: 'Let the provider decide (recommended)',
    alphaAutoHint: 'It looks at how well the small model does without a prompt, on public texts alone.',
    alphaOwn: 'Decide myself',
    alphaScale: 'Answer or change',
    alphaWords: (alpha: number) =>
      alpha < 0.25
        ? 'Mostly the small model’s answers'
        : alpha > 0.75
          ? 'Mostly what the prompt changed'
          : 'Some of both',
    alphaFigure: (alpha: number) => `α = ${formatFigure(alpha)}`,
    alphaLow: 'its answers',
    alphaHigh: 'what the prompt changed',
  },
  payload: {
    title: 'Exactly what will be sent',
    lead: 'This is all of it. What you see here is put together on this device, and these bytes are what goes out.',
    building: 'Putting it together…',
    safe: 'Nothing was sent. The run is still saved.',
    again: 'Try again',
    to: 'To',
    totalValue: (bytes: number) => `${formatCount(bytes)} bytes in one request`,
    list: 'Parts of the request',
    bytes: (bytes: number) => `${formatCount(bytes)} bytes`,
    hash: 'SHA-256',
    parts: {
      [PARTS.config]: 'Says how large the matrix is, which model it is for, and the text it started from',
      [PARTS.weights]: 'The matrix: the prompt itself',
      [PARTS.request]: 'Task, public texts to use, and the certificate',
    } as Readonly<Record<string, string>>,
    key: 'Beside it go the usual headers of a web request and, where you have one, the provider’s key.',
    picture: {
      title: 'The prompt, as a picture',
      lead: 'Each row is one of the vectors that stand before a text. These numbers are all there is to it.',
      alt: (rows: number, width: number, low: string, high: string) =>
        `Matrix of ${rows} rows and ${width} columns with values from ${low} to ${high}.`,
      rows: (rows: number) => `${formatPlural(rows, 'row')} ↓`,
      columns: (width: number) => `${formatPlural(width, 'column')} →`,
      low: (value: string) => `${value} or less`,
      high: (value: string) => `${value} or more`,
    },
    stays: {
      title: 'What stays here',
      items: [
        'your file and every row of it',
        'texts that you typed on the Try step',
        'the curves and the counts on rows kept aside',
        'earlier versions of the prompt',
      ],
    },
    full: (name: string) => `See ${name} in full`,
    binary: 'Its bytes, as they go out (first 512)',
  },
  certificate: {
    title: 'What the certificate says',
    epsilon: 'Privacy limit',
    epsilonValue: (epsilon: number, delta: number) =>
      `ε = ${formatFigure(epsilon)} at δ\u00A0=\u00A0${formatTiny(delta)}`,
    none: 'none',
    unit: 'It protects',
    unitValue: {
      row: 'what any one row says',
      person: 'what all the rows of any one person say',
    },
    rows: 'It reveals',
    rowsValue: {
      row: 'about how many rows there are, through the sampling rate',
      person: 'about how many persons there are, through the sampling rate',
    },
    project: 'All declared runs together',
    projectValue: (runs: number, epsilon: number) => `ε = ${formatFigure(epsilon)} in ${formatPlural(runs, 'run')}`,
    selection: 'How it was chosen',
    selectionValue: {
      covered: 'covered by the privacy limit',
      'saw private data; ε does not cover the choice':
        'after looking at private figures, which the limit does not cover',
      'no differential privacy': 'freely',
    },
  },
  sawPrivate: {
    title: 'Its certificate says that you saw exact figures',
    detail:
      'The seal on these rows was lifted, or they were used in a run without differential privacy. The privacy limit holds for the tuning itself, and not for choices that you made after looking.',
  },
  project: {
    title: 'Does it belong together with other runs?',
    lead: 'If you tuned several times on the same people’s rows and chose this prompt, the provider may want to know what all of those runs give away together. Tick them, and the certificate lists them.',
    run: (dataName: string, at: number, epsilon: number) =>
      `${dataName}, ${formatWhen(at)}, ε ${formatFigure(epsilon)}`,
    hint: 'Nothing is ticked for you: that two files share rows is private, and the certificate names only what you tick. Of each run it says how much noise and how many steps, not when or on which file.',
  },
  noPrivacy: {
    title: 'This prompt has no privacy limit',
    detail:
      'It was tuned without noise. Someone who studies it may learn what single rows say. Send it only if you would show those rows to the provider.',
  },
  task: {
    title: 'The task goes along, in plain words',
    lead: 'All of this is sent as it stands here, and noise does not cover it. Would you publish it?',
    template: 'Template',
    start: 'Starting text',
    classes: 'Classes and their words',
    end: 'What ends an answer',
    longest: 'Longest answer',
    longestValue: (tokens: number) => `${tokens} pieces of words`,
  },
  consent: {
    tick: (host: string) => `I have looked at it. Send these bytes to ${host}.`,
    again: 'The request has changed since you agreed. Look again and tick again.',
    send: 'Send the prompt',
    sending: 'Sending…',
    resend: 'Send again',
    safe: 'Nothing is lost: prompt and choices are still here. If the answer got lost on the way, sending again does not start a second job.',
  },
  key: {
    title: 'The provider’s key',
    needed: 'This provider wants a key. Paste the one from your invitation.',
    refused: 'The provider does not take the key that is set here. Paste another one, or ask the provider.',
    have: 'A key is set. It goes along with requests about your prompt, and only to this provider.',
    kept: 'This browser keeps it for next time.',
    notKept: 'This browser does not keep it: you will need it again after a reload.',
    label: 'Key',
    set: 'Use this key',
    forget: 'Forget the key',
    optional: 'I have a key from the provider',
  },
  job: {
    title: (teacher: string) => `On its way to ${teacher}`,
    done: (teacher: string) => `Your prompt for ${teacher} is ready`,
    failed: 'The transfer did not work',
    waiting: 'Waiting for its turn',
    constants: 'Reading the public texts with both models',
    steps: 'Tuning the prompt for the large model',
    finished: 'Done',
    detail: (step: number, steps: number) => `step ${formatCount(step)} of ${formatCount(steps)}`,
    left: (time: string) => `about ${time} left`,
    loss: 'Loss on public texts',
    alpha: 'α as used',
    sent: 'Sent',
    expires: 'Deleted by itself on',
    id: 'Job',
    bytes: 'Bytes sent',
    publicSet: 'Public texts',
    connection: {
      opening: 'Connecting…',
      polling: 'This page asks every few seconds.',
      lost: 'The provider does not answer. The job goes on there; this page keeps trying.',
    },
    leave: 'You can close this page. It finds the job again when you come back.',
    leaveNot: 'Keep this page open: this browser does not keep the job’s number after a reload.',
    watchSafe: 'The job itself is not touched by this.',
    save: 'Save the prompt (PEFT folder)',
    saving: 'Fetching…',
    delete: 'Delete at the provider',
    deleteTitle: 'Delete this prompt at the provider?',
    deleteDetail:
      'The sent prompt, its request and the result are removed there at once. The large model can no longer be used with it. Your run on this device stays.',
    deleteYes: 'Delete there',
    keep: 'Keep it',
    forget: 'Remove from this list',
    gone: 'The provider no longer has this job. It was deleted or has expired.',
    toUse: 'Go to Use',
    failedSafe: 'Your prompt is still on this device. You can send it again.',
  },
  compare: {
    title: 'Small model beside large model',
    lead: 'Type a text and let both answer.',
    label: 'A text to compare',
    leaves:
      'The large model runs at the provider, so this text leaves your device when you press the button. The provider’s program uses it for the answer and does not store it.',
    ask: 'Ask both (sends this text)',
    asking: 'Asking…',
    small: 'Small model with your prompt, on this device',
    large: (teacher: string) => `${teacher} with the transferred prompt, at the provider`,
    safe: 'Your text is still here.',
  },
  sendAgain: 'Send again with other choices',
  state: { queued: 'Waiting', running: 'Under way', finished: 'Ready', failed: 'Failed' },
  largeModel: 'the large model',
} as const

export const SEND_COPY = inLanguage(EN_SEND, SEND_DE)
