import { inLanguage } from '../ui/language.ts'
import { STEPS_DE, SHELL_DE } from '../german/app.ts'
import type { StepId } from './navigation.ts'

export type StepCopy = { readonly name: string; readonly title: string; readonly lead: string; readonly wait: string }

const EN_STEP = {
  model: {
    name: 'Model',
    title: 'Load a small model onto this device',
    lead: 'The provider made a small stand-in for its large model. You tune against the stand-in, here, so your examples need not be sent anywhere.',
    wait: 'Load the model to go on.',
  },
  data: {
    name: 'Data',
    title: 'Choose your examples',
    lead: 'A table with a text and a label in each row. The file is read on this device only, by a worker that the browser gives no network.',
    wait: 'Choose a file and check the task to go on.',
  },
  privacy: {
    name: 'Privacy',
    title: 'Decide how much a single row may show',
    lead: 'The finished prompt will be sent. Random noise in the tuning limits what anyone can learn from it about any one row.',
    wait: 'Make a plan to go on.',
  },
  tune: {
    name: 'Tune',
    title: 'Tune the prompt',
    lead: 'The model stays as it is. Only a short list of vectors, the prompt, learns your task.',
    wait: 'Finish or stop a run to go on.',
  },
  try: {
    name: 'Try',
    title: 'Try it on a text',
    lead: 'Type a text and see what the small model says with your prompt. It stays on this device.',
    wait: 'Finish or stop a run first.',
  },
  send: {
    name: 'Send',
    title: 'Send the prompt',
    lead: 'See exactly what would be sent, then decide. The provider turns it into a prompt for its large model, with public data alone.',
    wait: 'Finish or stop a run first.',
  },
  use: {
    name: 'Use',
    title: 'Put it to work',
    lead: 'Label a whole file of texts, on this device or with the large model.',
    wait: '',
  },
  workshop: {
    name: 'Workshop',
    title: 'A workshop with Softpost',
    lead: 'For a room: an invitation, what protection costs, and a tour with the sample. No network beyond this host is needed.',
    wait: '',
  },
  runs: {
    name: 'Runs',
    title: 'Your runs',
    lead: 'What this browser keeps. Clearing the browser’s data deletes it, so save a copy of what you need.',
    wait: '',
  },
} as const

export const STEP_COPY: Readonly<Record<StepId, StepCopy>> = inLanguage(EN_STEP, STEPS_DE)

const EN_SHELL = {
  brand: 'Softpost',
  tagline: 'Private prompt tuning',
  tab: (step: string) => `${step} · Softpost`,
  tabAtWork: (percent: string) => `${percent} tuned · Softpost`,
  steps: 'Steps',
  turn: 'Back and next',
  skip: 'Skip to the step',
  stepOf: (step: number, of: number) => `Step ${step} of ${of}`,
  aside: { runs: 'History', workshop: 'For the room' },
  stepDone: (name: string) => `${name}: done`,
  state: { done: 'done', ready: 'ready', waiting: 'not yet' },
  back: (name: string) => `Back: ${name}`,
  next: (name: string) => `Next: ${name}`,
  theme: { label: 'Colours', auto: 'Auto', light: 'Light', dark: 'Dark' },
  language: 'Language',
  update: {
    title: 'A new version of this page is ready',
    detail: 'It waits until you want it. Runs and settings stay.',
    whileTuning:
      'It waits until you want it. Taken now, the run pauses at its last saved step, and you can let it go on.',
    take: 'Reload with the new version',
  },
  offline: {
    copying: 'Making a copy for use offline',
    ready: 'Opens without a network',
    update: 'New version ready',
    failed: 'Needs a network to open',
    none: '',
  },
  insecure: {
    title: 'Softpost needs a secure connection',
    detail:
      'Over plain http a browser gives a page no private storage and no worker of its own, so nothing was started and nothing was read.',
    open: 'Open this page over https',
    warning:
      'At a workshop the browser will warn of the certificate, since the host’s machine made it. Compare its fingerprint with the one on the host’s screen before you go on.',
  },
  broken: {
    title: 'This part of the page broke',
    detail: 'Your file and your saved runs are untouched. Try this part again; if it breaks again, reload the page.',
    again: 'Try again',
    reload: 'Reload the page',
  },
} as const

export const SHELL_COPY = inLanguage(EN_SHELL, SHELL_DE)
