import type { Carries, EgressEntry, EgressTotals } from '../engine/egress.ts'
import { formatBytes, formatPlural } from '../ui/format.ts'

export const PURPOSES_DE = {
  page: 'Eine Datei dieser Seite',
  settings: 'Wo der Anbieter ist',
  'model-list': 'Liste der Modelle',
  'public-sets': 'Liste öffentlicher Texte',
  'model-file': 'Eine Datei des kleinen Modells',
  runtime: 'Programm zum Rechnen',
  sample: 'Beispieldaten',
  'send-prompt': 'Ihr Prompt, an den Anbieter',
  'follow-job': 'Wie es der Übertragung geht',
  'fetch-result': 'Der fertige Prompt, an Sie',
  'classify-texts': 'Texte, die Sie an das große Modell sandten',
  'delete-job': 'Ihren Prompt beim Anbieter löschen',
}

const CARRIED = {
  nothing: 'nichts von Ihnen',
  prompt: 'Ihren Prompt und sein Zertifikat',
  texts: 'Texte, die Sie senden wollten',
}

const STATES = {
  open: 'unterwegs',
  failed: 'keine Antwort',
  stopped: 'von dieser Seite beendet',
  unknown: 'fertig',
}

export const EGRESS_DE = {
  title: 'Was diesen Tab verließ',
  promise: ({ withTexts }: EgressTotals) =>
    withTexts === 0
      ? 'Ihre Datei wird nur auf diesem Gerät gelesen.'
      : 'Die Datei, mit der Sie lernen, wird nur auf diesem Gerät gelesen.',
  summary({ requests, bytesUp, withPrompt, withTexts }: EgressTotals): string {
    const sent = [
      ...(withPrompt > 0 ? [`${formatPlural(withPrompt, 'request')} mit Ihrem Prompt`] : []),
      ...(withTexts > 0 ? [`${formatPlural(withTexts, 'request')} mit Texten, die Sie senden wollten`] : []),
    ]
    const made = `Dieser Tab stellte ${formatPlural(requests, 'request')}`
    if (sent.length === 0) return `${made}. Keine davon trug etwas von Ihnen.`
    return `${made}, davon ${sent.join(' und ')} (${formatBytes(bytesUp)} insgesamt).`
  },
  show: (requests: number) => (requests === 1 ? 'Die Anfrage zeigen' : `Alle ${requests} Anfragen zeigen`),
  table: 'Anfragen dieses Tabs, neueste zuerst',
  columns: {
    time: 'Zeit',
    what: 'Anfrage',
    carried: 'Sie trug',
    up: 'Gesendet',
    down: 'Empfangen',
    state: 'Antwort',
  },
  carried: (carries: Carries) => CARRIED[carries],
  state: (status: EgressEntry['status']) => (typeof status === 'number' ? String(status) : STATES[status]),
  cut: (listed: number) => `Die Liste zeigt die neuesten ${listed}.`,
  seal: {
    sealed: 'Was Ihre Datei liest, hat kein Netz',
    sealedDetail: (refused: readonly string[], silent: readonly string[]) => {
      const tried = [...refused, ...silent]
      const ways = `Beim Start versuchte das Hintergrundprogramm, das Netz zu erreichen, auf ${tried.length} Wegen (${tried.join(', ')}).`
      return silent.length === 0
        ? `${ways} Der Browser verweigerte jeden.`
        : `${ways} Der Browser verweigerte ${refused.length}; auf ${silent.join(', ')} kam nichts zurück, und davon meldet er nichts.`
    },
    open: 'Hier nicht erzwungen',
    openDetail: (attempts: readonly string[]) =>
      `Der Browser hielt das Hintergrundprogramm nicht ab von: ${attempts.join(', ')}. Diese Seite sendet auch so nichts von sich aus, aber nichts erzwingt es. Bitten Sie den Anbieter, die Seite mit ihren Schutzregeln auszuliefern.`,
    enforce: 'Neu laden, damit die eigene Kopie dieser Seite sie setzt',
    unknown:
      'Sobald das Modell geladen ist, versucht das Hintergrundprogramm, das Ihre Datei liest, das Netz zu erreichen, und Sie sehen hier, ob der Browser es abhält.',
  },
}
