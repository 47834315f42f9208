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
    attack: 'What an attack guesses, here and now',
    attackNow: 'Attack now',
    attackAgain: 'Attack again',
    attacking: 'Attacking with made-up rows',
    attackSafe: 'Nothing of yours was read or changed.',
    attackHint:
      'The attacker throws in 2,000 made-up rows, each by a coin, sees every noised step, and guesses about the 100 that it is surest of: far more than anybody gets who has the prompt alone.',
    notYet: '–',
    allowed: (most: number) =>
      `50 by chance. Of the rows that it is surest of, the promise lets any attack guess about ${most} right.`,
    noNoise: 'without noise each made-up row can be read off the sum',
    table: 'All four side by side',
    columns: { epsilon: 'Protection', accuracy: 'Right answers', guesses: 'Best guess', attack: 'Attack now' },
    realRows: (withNoise: number, without: number) =>
      `An attack on real rows sees less: of a used and an unused row of the sample it picked the used one ${withNoise} times in 100 at ε = 8, and ${without} times without protection (25 November 2026, prompts of 200 rows, which favours the attacker).`,
    source:
      'Right answers were measured on the sample with the demo model, one run each (30 November 2026): differences of a point or two are chance.',
  },
} as const

export const WORKSHOP_COPY = inLanguage(EN_WORKSHOP, WORKSHOP_DE)
