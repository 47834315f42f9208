import { inLanguage } from '../../ui/language.ts'
import { WORKSHOP_DE } from '../../german/others.ts'
import type { StepId } from '../../app/navigation.ts'

const EN_WORKSHOP = {
  invitation: {
    title: 'Invite the room',
    lead: 'Everybody on this network can open Softpost with this code. The key is in it, so show it to the room alone.',
    code: 'Code with the address of this workshop',
    address: 'Or type',
    warning: {
      title: 'The browser will warn, and this is why',
      detail:
        'This machine made its own certificate a moment ago, so no authority vouches for it. Open the details of the warning, compare the fingerprint with this one, and go on only if they are equal:',
    },
    elsewhere:
      'You are a guest of a workshop. Its certificate was made by the host’s machine: your browser’s details of the connection show a SHA-256 fingerprint, and it must be the one on the host’s screen.',
    install: 'Some browsers do not install a page behind such a certificate, or open it offline. All else works.',
  },
  tour: {
    title: 'A tour in seven stops',
    lead: 'With the sample, in about ten minutes. Each stop says what to look at.',
    go: (name: string) => `Go to ${name}`,
    done: 'done',
    stops: {
      model:
        'Load the small model. Look at the line about the network at the end of the page: the browser has refused the worker every way out.',
      data: 'Take the sample, questions to a bank. Look at the classes, and at what is odd about the rows.',
      privacy: 'Move the slider and watch the hundred dots. That is the promise, whoever attacks.',
      tune: 'Start, and switch off Wi-Fi. The curves are noised like the prompt itself.',
      try: 'Ask a question to a bank in your own words. It is answered here.',
      send: 'Read what would leave, byte by byte. Then send it.',
      use: 'Label a file with the large model’s answers, or from a program.',
    } satisfies Partial<Record<StepId, string>>,
  },
  demo: {
    title: 'What protection costs, and what it buys',
    lead: 'The same task four times. Choose a strength.',
    choose: 'Strength',
    epsilon: (epsilon: number) => `ε = ${epsilon}`,
    none: 'none',
    noneLong: 'No protection',
    accuracy: 'Right answers on new questions',
    without: (percent: string) => `${percent} without a prompt`,
    guesses: 'Best guess who took part',
    guessesOf: (right: number) => `${right} of 100`,
    chance: '50 by chance',
    noLimit: 'nothing limits it',
    attack: 'What an attack found',
    attackOf: (area: string) => area,
    attackHint: 'area under the curve; 0.5 is guessing',
    notMeasured: 'not run',
    table: 'All four side by side',
    columns: { epsilon: 'Protection', accuracy: 'Right answers', guesses: 'Best guess', attack: 'Attack' },
    source:
      'Measured on the sample with the demo model (30 November 2026; the attack 25 November, on 400 rows, which favours the attacker). One run each: differences of a point or two are chance.',
  },
} as const

export const WORKSHOP_COPY = inLanguage(EN_WORKSHOP, WORKSHOP_DE)
