import { inLanguage } from '../../ui/language.ts'
import { PURPOSES_DE, EGRESS_DE } from '../../german/egress.ts'
import type { Carries, EgressEntry, EgressTotals, Purpose } from '../../engine/egress.ts'
import { formatBytes, formatPlural } from '../../ui/format.ts'

const EN_PURPOSES = {
  page: 'A file of this page',
  settings: 'Where the provider is',
  'model-list': 'List of models',
  'public-sets': 'List of public texts',
  'model-file': 'A file of the small model',
  runtime: 'Code that computes',
  sample: 'Sample data',
  'send-prompt': 'Your prompt, to the provider',
  'follow-job': 'How the transfer is going',
  'fetch-result': 'The finished prompt, to you',
  'classify-texts': 'Texts that you sent to the large model',
  'delete-job': 'Delete your prompt at the provider',
} as const

export const PURPOSES: Readonly<Record<Purpose, string>> = inLanguage(EN_PURPOSES, PURPOSES_DE)

const CARRIED: Readonly<Record<Carries, string>> = {
  nothing: 'nothing of yours',
  prompt: 'your prompt and its certificate',
  texts: 'texts that you chose to send',
}

const STATES: Readonly<Record<Exclude<EgressEntry['status'], number>, string>> = {
  open: 'under way',
  failed: 'no answer',
  stopped: 'stopped by this page',
  unknown: 'done',
}

const EN_EGRESS = {
  title: 'What left this tab',
  promise: ({ withTexts }: EgressTotals) =>
    withTexts === 0
      ? 'Your file is read on this device only.'
      : 'The file that you tune on is read on this device only.',
  summary({ requests, bytesUp, withPrompt, withTexts }: EgressTotals): string {
    const sent = [
      ...(withPrompt > 0 ? [`${formatPlural(withPrompt, 'request')} carried your prompt`] : []),
      ...(withTexts > 0 ? [`${formatPlural(withTexts, 'request')} carried texts that you chose to send`] : []),
    ]
    const made = `This tab made ${formatPlural(requests, 'request')}`
    if (sent.length === 0) return `${made}. None of them carried anything of yours.`
    return `${made}. ${sent.join(', and ')} (${formatBytes(bytesUp)} in all).`
  },
  show: (requests: number) => `Show ${requests === 1 ? 'the request' : `all ${requests} requests`}`,
  table: 'Requests of this tab, newest first',
  columns: {
    time: 'Time',
    what: 'Request',
    carried: 'It carried',
    up: 'Sent',
    down: 'Received',
    state: 'Answer',
  },
  carried: (carries: Carries) => CARRIED[carries],
  state: (status: EgressEntry['status']) => (typeof status === 'number' ? String(status) : STATES[status]),
  /** Lists are cut, totals are not. */
  cut: (listed: number) => `The list shows the newest ${listed}.`,
  seal: {
    sealed: 'The worker that reads your file has no network',
    sealedDetail: (refused: readonly string[], silent: readonly string[]) => {
      const tried = [...refused, ...silent]
      const ways = `When it started it tried to reach the network in ${tried.length} ways (${tried.join(', ')}).`
      return silent.length === 0
        ? `${ways} The browser refused each one.`
        : `${ways} The browser refused ${refused.length}; on ${silent.join(', ')} nothing came back, and it does not report on those.`
    },
    open: 'Not enforced here',
    openDetail: (attempts: readonly string[]) =>
      `The browser did not stop the worker from using: ${attempts.join(', ')}. This page still sends nothing by itself, but nothing enforces it. Ask the provider to serve the page with its security headers.`,
    enforce: 'Reload, so that this page’s own copy sets them',
    unknown:
      'Once the model is loaded, the worker that reads your file tries to reach the network, and you see here whether the browser stops it.',
  },
} as const

export const EGRESS_COPY = inLanguage(EN_EGRESS, EGRESS_DE)
