import { inLanguage } from '../../ui/language.ts'
import { TRY_DE } from '../../german/others.ts'
const EN_TRY = {
  title: 'Type a text',
  lead: 'The small model reads it here. The text is not sent anywhere.',
  label: 'A text like those in your file',
  placeholder: 'Write or paste one text',
  ask: 'See the answer',
  asking: 'Reading…',
  withPrompt: 'With your prompt',
  withoutPrompt: 'Without a prompt',
  share: 'How the model divides its answer',
  pieces: 'How sure the model is of each piece of its answer',
  nothing: '(nothing)',
  same: 'Both give the same answer. Look at how sure each is.',
  differ: (before: string, after: string) => `The prompt turned “${before}” into “${after}”.`,
  safe: 'Your text and your prompt are still here.',
  model: {
    title: 'The model is not open in this tab',
    detail: 'Your prompt is saved in this browser. The model has to be loaded once more to read it.',
    load: 'Load the model and go on',
    loading: 'Loading the model',
  },
  again: 'Try again',
  measured: {
    title: 'On rows it has not seen',
    none: 'Not measured',
    noneDetail: 'The run ended before the first measurement, or no rows were kept aside.',
  },
  compare: {
    title: 'Compare runs',
    lead: 'The figures are private where ε is given, so choosing by them costs nothing more.',
    caption: 'Runs with a prompt',
    columns: {
      data: 'File',
      when: 'When',
      epsilon: 'ε',
      steps: 'Steps',
      accuracy: 'Right',
      pick: 'Choice',
    },
    use: 'Use this one',
    used: 'in use',
  },
} as const

export const TRY_COPY = inLanguage(EN_TRY, TRY_DE)
