import { inLanguage } from '../../ui/language.ts'
import { DATA_DE } from '../../german/data.ts'
import type { AnswerFault, DataReport, Repair } from '../../../workers/protocol/tuner.ts'

type DropReason = DataReport['dropped'][number]['reason']

const EN_DATA = {
  needsModel: {
    title: 'The model comes first',
    detail: 'The worker that reads your file also turns it into the model’s own pieces of words.',
    action: 'Go to Model',
  },
  pick: {
    title: 'Drop a file here',
    detail: 'CSV, TSV, JSON lines, or one text a line, up to 100 MB.',
    button: 'Choose a file',
    over: 'Let go to read it',
    another: 'Choose another file',
  },
  sample: {
    title: 'Or take a sample',
    listing: 'Looking for samples',
    use: (name: string) => `Use “${name}”`,
    rows: (rows: string) => `${rows} rows`,
    none: 'This site offers no sample.',
    fetching: (name: string) => `Fetching ${name}`,
  },
  reading: (name: string) => `Reading ${name} in the worker`,
  lost: {
    title: 'The worker that held your file was started anew',
    detail: 'Your file on disk is untouched. It is read again once the model is loaded.',
    again: 'Read it again',
  },
  failed: { safe: 'The file itself was not changed, and nothing of it was sent.', again: 'Try again' },
  file: {
    rows: 'Rows',
    size: 'Size',
    format: 'Format',
    formatName: { csv: 'CSV', tsv: 'TSV', jsonl: 'JSON lines', text: 'one text a line' },
    textColumn: 'Column with the text',
    labelColumn: 'Column with the label or answer',
    noLabel: 'No column',
    personColumn: 'Column that says whose row it is',
    noPersons: 'None: protect single rows',
    personHint: 'Only if one person can stand in several rows, such as a customer number.',
    likelyPersons: {
      title: (column: string) => `Does “${column}” say whose row it is?`,
      detail:
        'If one person stands in several rows, protecting single rows protects that person less. Choose the column, and each person is protected with all their rows.',
      use: 'Protect persons',
    },
    persons: 'Persons',
    personsChosen:
      'Each person is protected with all their rows. At most a few rows of each take part, as one, and a person is held out or trained on as a whole.',
    preview: 'First rows',
    previewHint: 'Shown from the worker’s report. The file itself stays with the worker.',
    text: 'Text',
    label: 'Label',
    answer: 'Answer',
    classes: 'Rows of each label',
    more: (count: string) => `and ${count} more labels`,
    dropped: 'Left out',
    reason: {
      'empty-text': 'without a text',
      'missing-label': 'without a label',
      'missing-person': 'that do not say whose they are',
      'too-long': 'that are very long, as you asked',
      malformed: 'that could not be read',
    } satisfies Record<DropReason, string>,
    unlabelled: {
      title: 'These rows have no labels',
      detail: 'Tuning learns from examples with a label. Choose the column that holds it, or another file.',
    },
    oneLabel: {
      title: (label: string) => `All rows have the label “${label}”`,
      detail: 'There is nothing to tell apart. Add rows with another label, or choose another column.',
    },
  },
  problems: {
    title: 'A look at your rows',
    lead: 'Softpost points out what is odd and changes nothing behind your back. Whether a row takes part may depend on that row alone, so anything that compares rows goes into an edited file.',
    clean: 'Nothing odd was found.',
    duplicates: (rows: string) => `${rows} equal to an earlier one`,
    duplicatesDetail: 'Taken once already: an equal row adds nothing.',
    nearDuplicates: (rows: string) => `${rows} like an earlier one but for capitals, spaces or punctuation`,
    nearDuplicatesDetail: 'Copies make one text count more than others, and let it show more in the prompt.',
    contradictions: (texts: string, rows: string) => `${texts} under more than one label (${rows})`,
    contradictionsDetail: 'The model is told both and can learn neither. Look at these first:',
    contradictionsTable: 'Texts under more than one label',
    labelledAs: 'Labelled as',
    long: (rows: string) => `${rows} of more than 2,000 letters`,
    longDetail: 'The middle of such a text may be cut to fit the model, and a long row makes its step slow.',
    leaveOutLong: 'Leave long rows out',
    keepLong: 'Take long rows again',
    rare: (labels: string) => `${labels} with fewer than 10 rows`,
    rareDetail: (names: string) =>
      `So few examples drown in the noise: ${names}. Add rows, or join the label with another one in your file.`,
    edit: {
      title: 'Make an edited file',
      lead: 'A new file beside yours, which stays as it is. Rows that both hold share one privacy budget.',
      names: {
        duplicates: 'Keep equal rows once',
        'near-duplicates': 'Keep near-equal rows once',
        contradictions: 'Leave out every text under more than one label',
        long: 'Leave out very long rows',
      } satisfies Record<Repair, string>,
      make: 'Make the file',
      made: (rows: string) => `The edited file has ${rows}.`,
      use: 'Go on with it',
      save: 'Save it',
      name: (base: string) => `${base}-edited.csv`,
    },
  },
  task: {
    title: 'The task',
    lead: 'What the model is asked. It travels with the prompt, so write nothing here that you would not publish.',
    template: 'Template',
    templateHint: 'The text of a row takes the place of {text}. The model guesses the word that comes next.',
    initText: 'Text that the prompt starts from',
    initTextHint: 'Say in plain words what is asked. Tuning starts from it.',
    classes: 'Label words',
    classesHint:
      'For each label, words that the model may guess next, with commas between them. Each must be one piece for this model.',
    proposed: 'These words come from your label names. Better ones are everyday words that would follow the template.',
    check: 'Check the task',
    checking: 'Checking each word, and every row, with the model’s tokenizer',
    stale: 'Changed since it was checked.',
    split: (word: string, pieces: string) => `“${word}” is several pieces here: ${pieces}.`,
    replace: 'Choose a shorter, everyday word in its place.',
    take: (word: string) => `Use “${word}” instead`,
    drop: (word: string) => `Leave out “${word}”`,
    wrong: 'Some words are not one piece for this model. Change them or leave them out.',
    shared: (word: string, labels: string) =>
      `The word “${word}” stands for ${labels}. Give each label words of its own.`,
    and: ' and ',
    answer: {
      kind: 'What is the answer?',
      classes: 'One of a few labels',
      classesHint: 'The model chooses, and says how sure it is of each.',
      texts: 'A short text',
      textsHint: 'The model writes it, as it stands in the column: a name, a date, a phrase.',
      templateHint: 'The text of a row takes the place of {text}. The model writes the answer behind it.',
      end: 'What stands behind an answer',
      endHint: 'One piece for this model, such as a full stop. Type \\n for a line break. No answer may hold it.',
      longest: 'Longest answer, in pieces of words',
      longestHint: 'Rows with a longer answer stay out.',
      publish:
        'The template, the text that the prompt starts from, and what ends an answer are sent along with the prompt, and noise does not cover them. The answers in your file are not sent.',
      faults: {
        empty: (rows: string) => `Left out: ${rows} with an empty answer.`,
        'too-long': (rows: string) => `Left out: ${rows} with a longer answer.`,
        'holds-end': (rows: string) => `Left out: ${rows} with an answer that holds its own end.`,
      } satisfies Record<AnswerFault, (rows: string) => string>,
      defaults: {
        template: '{text} The answer is',
        initText: 'Answer with words from the text.',
        end: '.',
        maxTokens: '16',
      },
    },
    ready: {
      title: 'The task fits this model',
      rows: (rows: string) => `${rows} can be tuned on.`,
      cut: (rows: string) => `${rows} will be cut in the middle to fit.`,
      without: (rows: string) => `Left out: ${rows} with a label that is not in the task.`,
    },
    publish: {
      title: 'Would you publish this list?',
      detail:
        'These names and words are sent along with the prompt, and noise does not cover them. A label such as a person’s name or a diagnosis code may say too much.',
    },
    defaults: {
      template: '{text} It is about',
      initText: (labels: string) => `Which of these is the text about: ${labels}?`,
    },
  },
} as const

export const DATA_COPY = inLanguage(EN_DATA, DATA_DE)
