import { inLanguage } from '../../ui/language.ts'
import { USE_DE } from '../../german/others.ts'
import { formatBytes, formatCount, formatPlural } from '../../ui/format.ts'

const EN_USE = {
  where: {
    title: 'Who should read the texts?',
    device: 'The small model, on this device',
    deviceHint: 'Nothing is sent.',
    provider: (teacher: string) => `${teacher}, at the provider`,
    providerHint: 'The texts of the file leave this device; you are asked first.',
    notYet: 'The large model, at the provider',
    notYetHint: 'Send the prompt first, and wait until it is ready.',
    toSend: 'Go to Send',
  },
  pick: {
    title: 'Drop a file of texts',
    over: 'Let go to take it',
    detail: 'CSV, TSV, JSON lines, or one text in each line. It needs no labels.',
    button: 'Choose a file',
  },
  column: 'Column with the texts',
  columnHint:
    'Leave it empty, and a column with a usual name (text, message, question…) or else the first one is taken.',
  file: (name: string, sizeBytes: number) => `${name} (${formatBytes(sizeBytes)})`,
  other: 'Take another file',
  label: 'Label this file',
  reading: 'Reading the file…',
  consent: {
    title: 'These texts would leave this device',
    detail: (texts: number, bytes: number, host: string) =>
      `${formatPlural(texts, 'text')}, about ${formatBytes(bytes)}, would go to ${host}. Its program uses them for the answer and does not store them. Other columns of the file stay here.`,
    tick: 'I may share these texts with the provider.',
    send: (texts: number) => `Send ${formatPlural(texts, 'text')} and label them`,
  },
  working: (device: boolean) => (device ? 'Labelling on this device' : 'Labelling at the provider'),
  progress: (done: number, rows: number) => `${formatCount(done)} of ${formatCount(rows)} texts`,
  stop: 'Stop',
  stopping: 'Stopping…',
  done: {
    title: (rows: number) => `${formatPlural(rows, 'text')} labelled`,
    detail:
      'The file has its own columns as before, and two more: the label (or answer) and its probability. Rows without a text stay empty.',
    save: 'Save the labelled file',
    another: 'Label another file',
  },
  failed: { safe: 'Your file was not changed.', again: 'Try again' },
  program: {
    title: 'From your own program',
    lead: 'The large model with your prompt answers to any program that has the job’s number. Texts sent this way leave the device too.',
    curl: 'curl',
    python: 'Python (standard library)',
    copy: 'Copy',
    copied: 'Copied',
    notCopied: 'Could not copy; mark the text and copy it yourself',
    key: 'Put your key in the variable SOFTPOST_KEY first.',
    none: 'Once a prompt is sent and ready, the lines to copy stand here.',
  },
} as const

export const USE_COPY = inLanguage(EN_USE, USE_DE)
