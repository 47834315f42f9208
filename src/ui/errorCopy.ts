import type { ErrorCode, ErrorReport } from '../../workers/protocol/errors.ts'
import { describeInGerman, ERROR_TITLES_DE } from '../german/errors.ts'
import { inLanguage, LANGUAGE } from './language.ts'

const ENGLISH = {
  'file-empty': 'This file is empty',
  'file-too-large': 'This file is too large',
  'file-binary': 'This is not a text file',
  'file-encoding': 'The letters in this file cannot be read',
  'file-format': 'This file is not laid out as expected',
  'column-missing': 'A column is missing',
  'one-class': 'All rows have the same label',
  'no-rows': 'No row can be used',
  'task-invalid': 'The task is not complete',
  'label-word': 'A label word does not fit this model',
  'text-too-long': 'This text is too long',
  'model-missing-file': 'A part of the model is missing',
  'model-unknown': 'This kind of model is not supported',
  'model-tensor': 'The model file does not hold what it should',
  safetensors: 'The model file is damaged',
  tokenizer: 'The tokenizer of this model cannot be read',
  'prompt-invalid': 'This prompt is not valid',
  'prompt-mismatch': 'This prompt belongs to another model',
  'privacy-argument': 'These privacy settings do not work',
  'privacy-unreachable': 'This much privacy leaves nothing to learn',
  ledger: 'The privacy budget does not allow this',
  sealed: 'This is sealed',
  'rows-unknown': 'This browser does not know the rows of this run yet',
  certificate: 'The certificate does not fit the prompt',
  'no-backend': 'This device cannot run the model here',
  'device-lost': 'The graphics card stopped answering',
  'out-of-memory': 'There is not enough memory',
  'non-finite': 'The computation broke down',
  cancelled: 'Stopped',
  storage: 'The browser could not save',
  network: 'The connection failed',
  unauthorized: 'A key is needed',
  'not-found': 'This is no longer there',
  conflict: 'Something else is using this',
  'too-large': 'This is too large to send',
  busy: 'The host is busy',
  'bad-request': 'The host did not accept this',
  usage: 'This cannot be done in this way',
  internal: 'Something went wrong in the program',
} as const satisfies Record<ErrorCode, string>

const TITLES = inLanguage(ENGLISH, ERROR_TITLES_DE)

export type ErrorWords = { readonly title: string; readonly detail: string }

/**
 * Words for a person. The report's own line names the value and the remedy, so it follows the title. It is English: a
 * German reader is told the remedy first, and then what the program said.
 */
export function describeError({ code, message }: ErrorReport): ErrorWords {
  const line = asSentence(message)
  return { title: TITLES[code], detail: LANGUAGE === 'de' ? describeInGerman(code, line) : line }
}

function asSentence(line: string): string {
  const text = line.trim()
  const ended = /[.!?…]$/.test(text) ? text : `${text}.`
  // A name at the start, as of a file, is left as it is, and so is δ: as a capital it is another sign.
  return /^[a-z]+(?=[\s,:])/.test(ended) ? ended.charAt(0).toUpperCase() + ended.slice(1) : ended
}
