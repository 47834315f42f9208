import { inLanguage } from '../../ui/language.ts'
import { PRIVACY_DE } from '../../german/privacy.ts'
import type { KnobId } from './knobIds.ts'
import type { Strength } from './levels.ts'

const EN_PRIVACY = {
  needsTask: {
    title: 'The examples come first',
    detail: 'How much noise a promise takes depends on how many rows there are.',
    action: 'Go to Data',
  },
  choice: {
    title: 'Protection',
    private: 'With differential privacy',
    privateHint: 'Noise is mixed in, so that no single row shows much.',
    none: 'No differential privacy',
    noneHint: 'The prompt fits your rows as closely as it can.',
  },
  noneWarning: {
    title: 'There will be no limit on what the prompt tells',
    detail:
      'Whoever studies the prompt may find out what single rows say. The certificate will say that this prompt has no differential privacy. Choose this only for data that you could publish. Such a run also shows exact figures of your rows, and prompts made from them with protection will then say that you saw these.',
  },
  slider: {
    label: 'Strength of the protection',
    strong: 'Strong',
    weak: 'Weak',
    words: {
      'very strong': 'Very strong protection',
      strong: 'Strong protection',
      moderate: 'Moderate protection',
      weak: 'Weak protection',
    } satisfies Record<Strength, string>,
    valueText: (words: string, epsilon: number) => `${words}, epsilon ${epsilon}`,
    effect: {
      'very strong': 'Much noise. On few rows the prompt may learn little.',
      strong: 'More noise, so accuracy suffers somewhat. Needs a few thousand rows.',
      moderate: 'The usual choice for tuning: some accuracy is given up.',
      weak: 'Little noise. Accuracy stays close to a run without protection.',
    } satisfies Record<Strength, string>,
  },
  odds: {
    title: 'What it means',
    figure: (right: number) => `${right} in 100`,
    sentence: {
      row: (right: number) =>
        `Someone who knows every other row, and guesses whether one row took part, is right at most ${right} times in 100. Without looking they are right 50 times.`,
      person: (right: number) =>
        `Someone who knows the rows of everybody else, and guesses whether one person took part, is right at most ${right} times in 100. Without looking they are right 50 times.`,
    },
    picture: (right: number) =>
      `A hundred guesses: 50 right by chance, up to ${right - 50} more after studying the prompt.`,
    chance: 'right by chance',
    gained: 'more at most, after studying the prompt',
    wrong: 'still wrong',
    factor: {
      row: (factor: string, epsilon: string) =>
        `ε = ${epsilon}: nothing they see is more than ${factor} times as likely with the row as without it,`,
      person: (factor: string, epsilon: string) =>
        `ε = ${epsilon}: nothing they see is more than ${factor} times as likely with the person as without them,`,
    },
    delta: (delta: string) => `except with probability δ\u00A0=\u00A0${delta}.`,
    unit: {
      row: 'One row is protected in what it says, not how many rows there are. A person who stands in several rows is protected less.',
      person: (rows: string) =>
        `A person is protected in what all their rows say, not how many persons there are. At most ${rows} of each take part, as one.`,
    },
  },
  attack: {
    summary: 'What the best attack could find out',
    hint: {
      row: 'Somebody who knows every other row wants to tell which rows took part, and may be wrong about some that did not. The table says how many they can find at most. It is a limit for any attack, not a forecast: most find fewer.',
      person:
        'Somebody who knows everybody else’s rows wants to tell which persons took part, and may be wrong about some who did not. The table says how many they can find at most. It is a limit for any attack, not a forecast: most find fewer.',
    },
    caption: 'Most that an attacker can find',
    wrong: 'Wrongly suspected, of 100 that took no part',
    right: 'Found at most, of 100 that did',
    person: (rows: number, epsilon: string) =>
      `For a person who stands in ${rows} rows, all of them together, ε is ${epsilon} instead. If that happens in your file, name the column with the persons, so that whole persons are protected.`,
    limits:
      'These limits are about taking part. What follows from the rows as a whole, such as that late cards are a common complaint, is what the prompt is meant to learn, and it can be true of people whose rows were never used.',
  },
  cost: {
    title: 'What it may cost in accuracy',
    detail: (share: string) =>
      `On public data, tuning with noise of this size kept about ${share} of what it gains without noise. A forecast from your number of rows and the noise alone: nothing was tried on your rows, and yours may behave otherwise.`,
  },
  drowned: {
    title: 'With so few rows the prompt may learn little',
    detail: (times: string) =>
      `In each step the noise is about ${times} times as large as anything the rows can say together. More rows help most; so does weaker protection.`,
  },
  plan: {
    title: 'The plan',
    working: 'Working out the noise',
    time: 'Predicted time',
    unmeasured: 'not measured on this device yet',
    perStep: (seconds: string) => `${seconds} a step`,
    steps: 'Steps',
    batch: { row: 'Rows a step, on average', person: 'Persons a step, on average' },
    length: 'Vectors in the prompt',
    rows: { row: 'Rows to tune on', person: 'Persons to tune on' },
    noise: 'Noise in each step',
    noiseOf: {
      row: (sigma: string) => `${sigma} times the most that one row can add`,
      person: (sigma: string) => `${sigma} times the most that one person can add`,
    },
    epsilon: 'Budget of the run',
    again: 'Plan again',
    failed: 'Nothing was computed on your rows, and no budget was spent.',
  },
  knobs: {
    summary: 'Advanced settings',
    hint: 'Leave a field empty to let Softpost choose. All of these are sent with the prompt.',
    name: {
      delta: 'Chance of failing, δ',
      promptLength: 'Vectors in the prompt',
      batchSize: 'Rows (or persons) a step, on average',
      steps: 'Steps',
      learningRate: 'Learning rate',
      clipNorm: 'Longest pull of a row, C',
      maxRowsPerPerson: 'Rows of a person that take part',
    } satisfies Record<KnobId, string>,
    why: {
      delta: 'How rarely the promise may fail. Smaller is stricter.',
      promptLength: 'How long the learned list is. Longer learns more, and needs more rows.',
      batchSize: 'More rows a step means less noise for each, and slower steps.',
      steps: 'More steps learn longer, and need more noise in each.',
      learningRate: 'How far each step goes.',
      clipNorm: 'The most that one row may pull on the prompt in a step (C).',
      maxRowsPerPerson: 'The first so many of each person’s rows count, together as one.',
    } satisfies Record<KnobId, string>,
    chosen: (value: string) => `chosen: ${value}`,
    reset: 'Clear all',
  },
} as const

export const PRIVACY_COPY = inLanguage(EN_PRIVACY, PRIVACY_DE)
