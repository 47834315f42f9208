import { PARTS } from '../../workers/protocol/wire.ts'
import { formatWhen } from '../ui/when.ts'
import { formatCount, formatFigure, formatPlural, formatTiny } from '../ui/format.ts'

export const SEND_DE = {
  provider: {
    reading: 'Der Anbieter wird gefragt, was er bietet…',
    safe: 'Nichts wurde gesendet. Ihr Prompt bleibt auf diesem Gerät.',
    again: 'Nochmals fragen',
  },
  choices: {
    title: 'Wie der Anbieter ihn übertragen soll',
    lead: 'Der Anbieter vergleicht das kleine Modell mit und ohne Ihren Prompt an öffentlichen Texten und lässt einen Prompt für sein großes Modell lernen, bis dieses sich ebenso ändert.',
    publicSet: 'Öffentliche Texte',
    publicSetHint: 'Am besten sind Texte nahe an Ihrer Aufgabe. Ihre eigenen spielen dabei keine Rolle.',
    describeSet: (rows: number, licence: string, domain: string) =>
      `${formatCount(rows)} Texte · ${domain} · ${licence}`,
    suggested: (shared: readonly string[]) =>
      `Vorgeschlagen, denn sie haben Wörter mit Ihrer Aufgabe gemein: ${shared.slice(0, 4).join(', ')}.`,
    noSets: 'Dieser Anbieter hat keine öffentlichen Texte und kann keinen Prompt übertragen. Bitten Sie ihn darum.',
    alpha: 'Was das große Modell übernehmen soll',
    alphaAuto: 'Den Anbieter entscheiden lassen (empfohlen)',
    alphaAutoHint: 'Er sieht an öffentlichen Texten nach, wie gut das kleine Modell ohne Prompt ist.',
    alphaOwn: 'Selbst entscheiden',
    alphaScale: 'Antwort oder Änderung',
    alphaWords: (alpha: number) =>
      alpha < 0.25
        ? 'Vor allem die Antworten des kleinen Modells'
        : alpha > 0.75
          ? 'Vor allem, was der Prompt änderte'
          : 'Etwas von beidem',
    alphaFigure: (alpha: number) => `α = ${formatFigure(alpha)}`,
    alphaLow: 'seine Antworten',
    alphaHigh: 'was der Prompt änderte',
  },
  payload: {
    title: 'Genau das wird gesendet',
    lead: 'Das ist alles. Was Sie hier sehen, wird auf diesem Gerät zusammengestellt, und diese Bytes gehen hinaus.',
    building: 'Wird zusammengestellt…',
    safe: 'Nichts wurde gesendet. Der Lauf ist noch gespeichert.',
    again: 'Nochmals versuchen',
    to: 'An',
    totalValue: (bytes: number) => `${formatCount(bytes)} Bytes in einer Anfrage`,
    list: 'Teile der Anfrage',
    bytes: (bytes: number) => `${formatCount(bytes)} Bytes`,
    hash: 'SHA-256',
    parts: {
      [PARTS.config]: 'Sagt, wie groß die Matrix ist, für welches Modell, und von welchem Text sie ausging',
      [PARTS.weights]: 'Die Matrix: der Prompt selbst',
      [PARTS.request]: 'Aufgabe, öffentliche Texte und das Zertifikat',
    } as Readonly<Record<string, string>>,
    key: 'Dazu kommen die üblichen Kopfzeilen einer Anfrage und, wo Sie einen haben, der Schlüssel des Anbieters.',
    picture: {
      title: 'Der Prompt als Bild',
      lead: 'Jede Zeile ist einer der Vektoren, die vor einem Text stehen. Mehr als diese Zahlen ist er nicht.',
      alt: (rows: number, width: number, low: string, high: string) =>
        `Matrix mit ${rows} Zeilen und ${width} Spalten, Werte von ${low} bis ${high}.`,
      rows: (rows: number) => `${formatPlural(rows, 'row')} ↓`,
      columns: (width: number) => `${formatPlural(width, 'column')} →`,
      low: (value: string) => `${value} oder weniger`,
      high: (value: string) => `${value} oder mehr`,
    },
    stays: {
      title: 'Was hier bleibt',
      items: [
        'Ihre Datei und jede ihrer Zeilen',
        'Texte, die Sie unter „Probieren“ tippten',
        'die Kurven und die Zahlen auf zurückbehaltenen Zeilen',
        'frühere Fassungen des Prompts',
      ],
    },
    full: (name: string) => `${name} ganz ansehen`,
    binary: 'Ihre Bytes, wie sie hinausgehen (die ersten 512)',
  },
  certificate: {
    title: 'Was das Zertifikat sagt',
    epsilon: 'Grenze des Schutzes',
    epsilonValue: (epsilon: number, delta: number) =>
      `ε = ${formatFigure(epsilon)} bei δ\u00A0=\u00A0${formatTiny(delta)}`,
    none: 'keine',
    unit: 'Es schützt',
    unitValue: { row: 'was eine einzelne Zeile sagt', person: 'was alle Zeilen einer Person sagen' },
    rows: 'Es verrät',
    rowsValue: {
      row: 'ungefähr, wie viele Zeilen es sind, durch die Stichprobenrate',
      person: 'ungefähr, wie viele Personen es sind, durch die Stichprobenrate',
    },
    project: 'Alle genannten Läufe zusammen',
    projectValue: (runs: number, epsilon: number) => `ε = ${formatFigure(epsilon)} in ${formatPlural(runs, 'run')}`,
    selection: 'Wie er gewählt wurde',
    selectionValue: {
      covered: 'von der Grenze gedeckt',
      'saw private data; ε does not cover the choice':
        'nach einem Blick auf private Zahlen, den die Grenze nicht deckt',
      'no differential privacy': 'frei',
    },
  },
  sawPrivate: {
    title: 'Sein Zertifikat sagt, dass Sie genaue Zahlen sahen',
    detail:
      'Das Siegel dieser Zeilen wurde gelöst, oder sie dienten einem Lauf ohne Differential Privacy. Die Grenze gilt für das Lernen selbst und nicht für Entscheidungen danach.',
  },
  project: {
    title: 'Gehört er mit anderen Läufen zusammen?',
    lead: 'Haben Sie mehrmals mit den Zeilen derselben Menschen gelernt und diesen Prompt gewählt, will der Anbieter womöglich wissen, was alle Läufe zusammen preisgeben. Kreuzen Sie sie an, und das Zertifikat nennt sie.',
    run: (dataName: string, at: number, epsilon: number) =>
      `${dataName}, ${formatWhen(at)}, ε ${formatFigure(epsilon)}`,
    hint: 'Nichts wird für Sie angekreuzt: dass zwei Dateien Zeilen teilen, ist privat, und das Zertifikat nennt nur, was Sie ankreuzen. Es sagt von jedem Lauf, wie viel Rauschen und wie viele Schritte, nicht wann und mit welcher Datei.',
  },
  noPrivacy: {
    title: 'Dieser Prompt hat keine Grenze',
    detail:
      'Er lernte ohne Rauschen. Wer ihn untersucht, erfährt womöglich, was einzelne Zeilen sagen. Senden Sie ihn nur, wenn Sie diese Zeilen dem Anbieter zeigen würden.',
  },
  task: {
    title: 'Die Aufgabe geht mit, in Klartext',
    lead: 'All das wird so gesendet, wie es hier steht, und Rauschen deckt es nicht. Würden Sie es veröffentlichen?',
    template: 'Vorlage',
    start: 'Ausgangstext',
    classes: 'Klassen und ihre Wörter',
    end: 'Was eine Antwort beendet',
    longest: 'Längste Antwort',
    longestValue: (tokens: number) => `${tokens} Wortstücke`,
  },
  consent: {
    tick: (host: string) => `Ich habe es angesehen. Diese Bytes an ${host} senden.`,
    again: 'Die Anfrage hat sich geändert, seit Sie zustimmten. Sehen Sie nochmals nach, und kreuzen Sie wieder an.',
    send: 'Prompt senden',
    sending: 'Wird gesendet…',
    resend: 'Nochmals senden',
    safe: 'Nichts ist verloren: Prompt und Auswahl sind noch da. Ging die Antwort unterwegs verloren, beginnt ein zweites Senden keinen zweiten Auftrag.',
  },
  key: {
    title: 'Der Schlüssel des Anbieters',
    needed: 'Dieser Anbieter will einen Schlüssel. Fügen Sie den aus Ihrer Einladung ein.',
    refused: 'Der Anbieter nimmt den Schlüssel hier nicht. Fügen Sie einen anderen ein, oder fragen Sie ihn.',
    have: 'Ein Schlüssel ist gesetzt. Er geht mit Anfragen zu Ihrem Prompt mit, und nur an diesen Anbieter.',
    kept: 'Dieser Browser behält ihn fürs nächste Mal.',
    notKept: 'Dieser Browser behält ihn nicht: nach dem Neuladen brauchen Sie ihn wieder.',
    label: 'Schlüssel',
    set: 'Diesen Schlüssel nehmen',
    forget: 'Schlüssel vergessen',
    optional: 'Ich habe einen Schlüssel vom Anbieter',
  },
  job: {
    title: (teacher: string) => `Unterwegs zu ${teacher}`,
    done: (teacher: string) => `Ihr Prompt für ${teacher} ist fertig`,
    failed: 'Die Übertragung misslang',
    waiting: 'Wartet, bis er an der Reihe ist',
    constants: 'Die öffentlichen Texte werden mit beiden Modellen gelesen',
    steps: 'Der Prompt für das große Modell lernt',
    finished: 'Fertig',
    detail: (step: number, steps: number) => `Schritt ${formatCount(step)} von ${formatCount(steps)}`,
    left: (time: string) => `noch etwa ${time}`,
    loss: 'Verlust auf öffentlichen Texten',
    alpha: 'Benutztes α',
    sent: 'Gesendet',
    expires: 'Löscht sich am',
    id: 'Auftrag',
    bytes: 'Gesendete Bytes',
    publicSet: 'Öffentliche Texte',
    connection: {
      opening: 'Verbindung wird aufgebaut…',
      polling: 'Diese Seite fragt alle paar Sekunden.',
      lost: 'Der Anbieter antwortet nicht. Der Auftrag geht dort weiter; diese Seite versucht es weiter.',
    },
    leave: 'Sie können diese Seite schließen. Sie findet den Auftrag wieder, wenn Sie zurückkommen.',
    leaveNot: 'Lassen Sie diese Seite offen: dieser Browser behält die Nummer des Auftrags nicht.',
    watchSafe: 'Der Auftrag selbst ist davon unberührt.',
    save: 'Prompt speichern (PEFT-Ordner)',
    saving: 'Wird geholt…',
    delete: 'Beim Anbieter löschen',
    deleteTitle: 'Diesen Prompt beim Anbieter löschen?',
    deleteDetail:
      'Der gesendete Prompt, seine Anfrage und das Ergebnis werden dort sofort entfernt. Das große Modell kann nicht mehr damit benutzt werden. Ihr Lauf auf diesem Gerät bleibt.',
    deleteYes: 'Dort löschen',
    keep: 'Behalten',
    forget: 'Aus dieser Liste nehmen',
    gone: 'Der Anbieter hat diesen Auftrag nicht mehr. Er wurde gelöscht oder ist abgelaufen.',
    toUse: 'Zu „Anwenden“',
    failedSafe: 'Ihr Prompt ist noch auf diesem Gerät. Sie können ihn nochmals senden.',
  },
  compare: {
    title: 'Kleines Modell neben großem',
    lead: 'Tippen Sie einen Text, und lassen Sie beide antworten.',
    label: 'Ein Text zum Vergleich',
    leaves:
      'Das große Modell läuft beim Anbieter; dieser Text verlässt also Ihr Gerät, wenn Sie den Knopf drücken. Das Programm dort nutzt ihn für die Antwort und speichert ihn nicht.',
    ask: 'Beide fragen (sendet diesen Text)',
    asking: 'Wird gefragt…',
    small: 'Kleines Modell mit Ihrem Prompt, auf diesem Gerät',
    large: (teacher: string) => `${teacher} mit dem übertragenen Prompt, beim Anbieter`,
    safe: 'Ihr Text ist noch da.',
  },
  sendAgain: 'Mit anderer Auswahl nochmals senden',
  state: { queued: 'Wartet', running: 'Unterwegs', finished: 'Fertig', failed: 'Misslungen' },
  largeModel: 'das große Modell',
}
