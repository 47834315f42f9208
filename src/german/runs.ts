import { formatCount, formatPlural } from '../ui/format.ts'

export const RUNS_DE = {
  pick: 'Welcher Lauf?',
  reading: 'Die Läufe, die dieser Browser behält, werden gelesen…',
  none: 'Es gibt noch keinen Prompt',
  noneDetail: 'Lassen Sie zuerst einen Prompt lernen. Ein früher beendeter Lauf zählt auch.',
  toTune: 'Zu „Lernen“',
  safe: 'Was gespeichert war, ist davon unberührt.',
  again: 'Nochmals versuchen',
  empty: 'Noch keine Läufe',
  emptyDetail: 'Läufe erscheinen hier, sobald das Lernen beginnt, und bleiben, wenn Sie die Seite schließen.',
  facts: {
    steps: 'Schritte',
    epsilonSpent: 'Bisher benutztes ε',
    epsilonPlanned: 'ε des ganzen Plans',
    accuracy: 'Richtig auf zurückbehaltenen Zeilen',
    length: 'Länge des Prompts',
    batch: { row: 'Zeilen je Schritt', person: 'Personen je Schritt' },
    rate: 'Lernrate',
    classes: 'Klassen',
    answers: 'Antworten',
    rows: { row: 'Zeilen zum Lernen', person: 'Personen zum Lernen' },
    delta: 'δ',
    noise: 'Rauschen σ',
    clip: 'Kappungsnorm C',
  },
  answerText: 'kurze Texte',
  noPrivacy: 'keines: keine Grenze',
  noLimit: 'keine Grenze',
  right: (accuracy: string) => `${accuracy} richtig`,
  notMeasured: 'nicht gemessen',
  stepsOf: (done: number, planned: number) => `${done} von ${planned}`,
  settings: 'Einstellungen dieses Laufs',
  resume: 'Unter „Lernen“ weitermachen',
  watch: 'Unter „Lernen“ zusehen',
  start: 'Mit einem Modell beginnen',
  toTry: 'Probieren',
  toSend: 'Senden',
  save: 'Als PEFT-Ordner speichern',
  saved: 'Gespeichert. Das Archiv enthält den Prompt und sein Zertifikat; bewahren Sie es bei Ihren Daten auf.',
  savedPlain:
    'Gespeichert. Dieser Prompt lernte ohne Grenze: er verrät womöglich, was einzelne Zeilen sagen. Der Name der Datei sagt es.',
  delete: 'Löschen',
  deleteTitle: 'Diesen Lauf löschen?',
  deleteDetail:
    'Der Prompt, seine gespeicherten Schritte und seine Kurven werden aus diesem Browser entfernt und kommen nicht wieder.',
  deleteSpent: (epsilon: string) =>
    `Was er verbrauchte (${epsilon}), bleibt verbraucht: wer Prompt oder Kurven sah, hat sie gesehen.`,
  deleteSent: 'Ein gesendeter Prompt bleibt beim Anbieter, bis Sie ihn dort unter „Senden“ löschen.',
  deleteYes: 'Lauf löschen',
  keep: 'Behalten',
  backup: {
    title: 'Eine Kopie Ihrer Läufe',
    lead: 'Eine Datei mit jedem fertigen oder beendeten Lauf: Prompt, Zertifikat, Kurven, und was Ihre Zeilen preisgegeben haben. Von den Zeilen selbst steht nichts darin.',
    save: 'Sicherung speichern',
    restore: 'Sicherung wiederherstellen',
    saved: (runs: number) =>
      `Gespeichert, mit ${runs === 1 ? 'einem Lauf' : `${formatCount(runs)} Läufen`}. Bewahren Sie die Datei bei Ihren Daten auf.`,
    leftOut: (runs: number) =>
      `Nicht darin: ${formatPlural(runs, 'run')}, noch unfertig oder ohne Prompt. Zum Weitermachen braucht es Ihre Zeilen, und die stehen in keiner Sicherung.`,
    savedPlain:
      'Läufe ohne Grenze stehen mit ihren genauen Kurven und Prompts darin; die verraten womöglich, was einzelne Zeilen sagen.',
    restored: (added: number, known: number) =>
      [
        added === 0 ? 'Es gab nichts zurückzubringen.' : `${formatPlural(added, 'run')} zurückgebracht.`,
        ...(known === 0 ? [] : [`Schon hier und unverändert: ${formatPlural(known, 'run')}.`]),
      ].join(' '),
    safe: 'Ihre Läufe sind, wie sie waren.',
  },
  deleteAll: {
    title: 'Nichts hierlassen',
    lead: 'Auf einem Rechner, den auch andere benutzen.',
    button: 'Alles löschen',
    running: 'Ein Lauf ist im Gang. Beenden Sie ihn zuerst.',
    ask: 'Alle Läufe aus diesem Browser löschen?',
    detail:
      'Alle Prompts, gespeicherten Schritte und Kurven, die Liste des Gesendeten und der Schlüssel des Anbieters werden entfernt und kommen nicht wieder. Was Ihre Zeilen verbraucht haben, bleibt ohne die Zeilen vermerkt, damit es niemand zweimal ausgibt. Gesendete Prompts bleiben beim Anbieter, bis Sie sie dort löschen.',
    yes: 'Alles löschen',
    partly: 'Was noch aufgeführt ist, wurde nicht gelöscht.',
  },
  transfers: 'Aus diesem Lauf gesendet',
  transferState: { queued: 'wartet', running: 'unterwegs', finished: 'fertig', failed: 'misslungen' },
}
