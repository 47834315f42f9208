import { inLanguage } from '../../ui/language.ts'
import { SEAL_DE } from '../../german/others.ts'
const EN_SEAL = {
  card: {
    title: 'Exact figures',
    closed:
      'What this page shows of your rows has noise, so that watching and choosing give nothing more away. Exact figures have none, so they are sealed.',
    lifted: 'Exact figures of these rows were seen. Prompts from these rows say so in their certificates.',
    none: 'This run has no differential privacy, so nothing of it is sealed.',
    lift: 'Lift the seal…',
    show: 'Show exact figures',
    again: 'Measure again',
    working: 'Reading the rows of the open file with this prompt',
    private: 'Private: these figures and rows stay on this screen. Do not share them.',
  },
  notice: {
    title: 'This text is a row of your file',
    detail:
      'What the model says about your own rows is exact, and choosing by it is not covered by the privacy limit. Try a text of your own, or lift the seal.',
  },
  dialog: {
    title: 'Lift the seal?',
    detail: [
      'You will see exact figures of your rows. They have no noise, so what you choose after seeing them may tell something about single rows, and ε does not cover that.',
      'From then on the certificate of each prompt from these rows says so, also of prompts that are ready now. This cannot be undone.',
    ],
    keep: 'Keep it sealed',
    lift: 'Lift the seal',
    failed: 'The seal is still closed, and nothing was shown.',
  },
  figures: {
    caption: 'Exact figures',
    part: 'Rows',
    trained: 'tuned on',
    heldOut: 'kept apart',
    count: 'Measured',
    right: 'Right',
    loss: 'Loss',
    matrix: (part: string) => `What the model said on rows ${part}, exactly`,
    worst: 'Most wrong rows',
    text: 'Text',
    label: 'Label in the file',
    predicted: 'The model says',
    noneWrong: 'None of the measured rows was wrong.',
  },
} as const

export const SEAL_COPY = inLanguage(EN_SEAL, SEAL_DE)
