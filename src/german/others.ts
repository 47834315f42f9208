import { formatBytes, formatCount, formatPlural } from '../ui/format.ts'

export const SEAL_DE = {
  card: {
    title: 'Genaue Zahlen',
    closed:
      'Was diese Seite von Ihren Zeilen zeigt, hat Rauschen; Zusehen und Wählen geben so nichts weiter preis. Genaue Zahlen haben keines und sind deshalb versiegelt.',
    lifted: 'Genaue Zahlen dieser Zeilen wurden gesehen. Prompts aus ihnen sagen das in ihren Zertifikaten.',
    none: 'Dieser Lauf hat keine Differential Privacy; nichts von ihm ist versiegelt.',
    lift: 'Siegel lösen…',
    show: 'Genaue Zahlen zeigen',
    again: 'Nochmals messen',
    working: 'Die Zeilen der offenen Datei werden mit diesem Prompt gelesen',
    private: 'Privat: diese Zahlen und Zeilen bleiben auf diesem Bildschirm. Geben Sie sie nicht weiter.',
  },
  notice: {
    title: 'Dieser Text ist eine Zeile Ihrer Datei',
    detail:
      'Was das Modell zu Ihren eigenen Zeilen sagt, ist genau, und eine Wahl danach deckt die Grenze nicht. Probieren Sie einen eigenen Text, oder lösen Sie das Siegel.',
  },
  dialog: {
    title: 'Das Siegel lösen?',
    detail: [
      'Sie werden genaue Zahlen Ihrer Zeilen sehen. Sie haben kein Rauschen; was Sie danach wählen, sagt womöglich etwas über einzelne Zeilen, und ε deckt das nicht.',
      'Von da an sagt es das Zertifikat jedes Prompts aus diesen Zeilen, auch von Prompts, die schon fertig sind. Das lässt sich nicht zurücknehmen.',
    ],
    keep: 'Versiegelt lassen',
    lift: 'Siegel lösen',
    failed: 'Das Siegel ist noch zu, und nichts wurde gezeigt.',
  },
  figures: {
    caption: 'Genaue Zahlen',
    part: 'Zeilen',
    trained: 'zum Lernen',
    heldOut: 'zurückbehalten',
    count: 'Gemessen',
    right: 'Richtig',
    loss: 'Verlust',
    matrix: (part: string) => `Was das Modell zu Zeilen (${part}) sagte, genau`,
    worst: 'Am weitesten daneben',
    text: 'Text',
    label: 'Klasse in der Datei',
    predicted: 'Das Modell sagt',
    noneWrong: 'Keine der gemessenen Zeilen war falsch.',
  },
}

export const TRY_DE = {
  title: 'Einen Text tippen',
  lead: 'Das kleine Modell liest ihn hier. Der Text wird nirgendwohin gesendet.',
  label: 'Ein Text wie die in Ihrer Datei',
  placeholder: 'Einen Text schreiben oder einfügen',
  ask: 'Antwort ansehen',
  asking: 'Liest…',
  withPrompt: 'Mit Ihrem Prompt',
  withoutPrompt: 'Ohne Prompt',
  share: 'Wie das Modell seine Antwort aufteilt',
  pieces: 'Wie sicher sich das Modell bei jedem Stück seiner Antwort ist',
  nothing: '(nichts)',
  same: 'Beide geben dieselbe Antwort. Sehen Sie, wie sicher jede ist.',
  differ: (before: string, after: string) => `Der Prompt machte aus „${before}“ „${after}“.`,
  safe: 'Ihr Text und Ihr Prompt sind noch da.',
  model: {
    title: 'Das Modell ist in diesem Tab nicht offen',
    detail:
      'Ihr Prompt ist in diesem Browser gespeichert. Um ihn zu lesen, muss das Modell noch einmal geladen werden.',
    load: 'Modell laden und weitermachen',
    loading: 'Das Modell wird geladen',
  },
  again: 'Nochmals versuchen',
  measured: {
    title: 'Auf Zeilen, die er nicht gesehen hat',
    none: 'Nicht gemessen',
    noneDetail: 'Der Lauf endete vor der ersten Messung, oder keine Zeilen wurden zurückbehalten.',
  },
  compare: {
    title: 'Läufe vergleichen',
    lead: 'Wo ε steht, sind die Zahlen geschützt; danach zu wählen kostet nichts weiter.',
    caption: 'Läufe mit einem Prompt',
    columns: { data: 'Datei', when: 'Wann', epsilon: 'ε', steps: 'Schritte', accuracy: 'Richtig', pick: 'Wahl' },
    use: 'Diesen nehmen',
    used: 'in Gebrauch',
  },
}

export const USE_DE = {
  where: {
    title: 'Wer soll die Texte lesen?',
    device: 'Das kleine Modell, auf diesem Gerät',
    deviceHint: 'Nichts wird gesendet.',
    provider: (teacher: string) => `${teacher}, beim Anbieter`,
    providerHint: 'Die Texte der Datei verlassen dieses Gerät; Sie werden vorher gefragt.',
    notYet: 'Das große Modell, beim Anbieter',
    notYetHint: 'Senden Sie zuerst den Prompt, und warten Sie, bis er fertig ist.',
    toSend: 'Zu „Senden“',
  },
  pick: {
    title: 'Eine Datei mit Texten ablegen',
    over: 'Loslassen, um sie zu nehmen',
    detail: 'CSV, TSV, JSON-Zeilen oder ein Text je Zeile. Klassen braucht sie nicht.',
    button: 'Datei wählen',
  },
  column: 'Spalte mit den Texten',
  columnHint:
    'Bleibt das leer, wird eine Spalte mit üblichem Namen (text, message, question…) genommen, sonst die erste.',
  file: (name: string, sizeBytes: number) => `${name} (${formatBytes(sizeBytes)})`,
  other: 'Andere Datei nehmen',
  label: 'Diese Datei mit Klassen versehen',
  reading: 'Die Datei wird gelesen…',
  consent: {
    title: 'Diese Texte würden dieses Gerät verlassen',
    detail: (texts: number, bytes: number, host: string) =>
      `${formatPlural(texts, 'text')}, etwa ${formatBytes(bytes)}, gingen an ${host}. Das Programm dort nutzt sie für die Antwort und speichert sie nicht. Andere Spalten der Datei bleiben hier.`,
    tick: 'Ich darf diese Texte dem Anbieter geben.',
    send: (texts: number) => `${formatPlural(texts, 'text')} senden`,
  },
  working: (device: boolean) => (device ? 'Arbeit auf diesem Gerät' : 'Arbeit beim Anbieter'),
  progress: (done: number, rows: number) => `${formatCount(done)} von ${formatCount(rows)} Texten`,
  stop: 'Anhalten',
  stopping: 'Hält an…',
  done: {
    title: (rows: number) => `${formatPlural(rows, 'text')} mit Klasse`,
    detail:
      'Die Datei hat ihre Spalten wie zuvor und zwei weitere: label (oder answer) und probability. Zeilen ohne Text bleiben leer.',
    save: 'Datei mit Klassen speichern',
    another: 'Eine andere Datei',
  },
  failed: { safe: 'Ihre Datei wurde nicht geändert.', again: 'Nochmals versuchen' },
  program: {
    title: 'Aus Ihrem eigenen Programm',
    lead: 'Das große Modell mit Ihrem Prompt antwortet jedem Programm, das die Nummer des Auftrags hat. Auch so gesendete Texte verlassen das Gerät.',
    curl: 'curl',
    python: 'Python (Standardbibliothek)',
    copy: 'Kopieren',
    copied: 'Kopiert',
    notCopied: 'Kopieren ging nicht; markieren Sie den Text, und kopieren Sie ihn selbst',
    key: 'Legen Sie Ihren Schlüssel zuerst in die Variable SOFTPOST_KEY.',
    none: 'Ist ein Prompt gesendet und fertig, stehen hier die Zeilen zum Kopieren.',
  },
}

export const UI_DE = {
  matrix: { corner: 'in der Datei ↓  Modell sagt →', found: 'gefunden' },
  chart: { table: 'Als Tabelle zeigen', chart: 'Als Kurve zeigen' },
}

export const WORKSHOP_DE = {
  invitation: {
    title: 'Den Raum einladen',
    lead: 'Alle in diesem Netz können Softpost mit diesem Code öffnen. Der Schlüssel steckt darin; zeigen Sie ihn nur dem Raum.',
    code: 'Code mit der Adresse dieses Workshops',
    address: 'Oder tippen',
    warning: {
      title: 'Der Browser wird warnen, und das ist der Grund',
      detail:
        'Dieser Rechner hat sein Zertifikat eben selbst gemacht; keine Stelle bürgt dafür. Öffnen Sie die Einzelheiten der Warnung, vergleichen Sie den Fingerabdruck mit diesem, und gehen Sie nur weiter, wenn beide gleich sind:',
    },
    elsewhere:
      'Sie sind Gast eines Workshops. Sein Zertifikat hat der Rechner dort selbst gemacht: die Einzelheiten der Verbindung in Ihrem Browser zeigen einen SHA-256-Fingerabdruck, und er muss der auf dem Bildschirm dort sein.',
    install: 'Manche Browser installieren eine Seite hinter einem solchen Zertifikat nicht. Alles andere geht.',
  },
  tour: {
    title: 'Ein Rundgang mit sieben Halten',
    lead: 'Mit dem Beispiel, in etwa zehn Minuten. Jeder Halt sagt, worauf zu achten ist.',
    go: (name: string) => `Zu „${name}“`,
    done: 'fertig',
    stops: {
      model:
        'Laden Sie das kleine Modell. Sehen Sie am Ende der Seite die Zeile über das Netz: der Browser hat dem Hintergrundprogramm jeden Weg hinaus verweigert.',
      data: 'Nehmen Sie das Beispiel, Fragen an eine Bank. Sehen Sie die Klassen an, und was an den Zeilen auffällt.',
      privacy: 'Bewegen Sie den Regler, und sehen Sie die hundert Punkte. Das ist das Versprechen, wer auch angreift.',
      tune: 'Beginnen Sie, und schalten Sie das WLAN aus. Die Kurven sind verrauscht wie der Prompt selbst.',
      try: 'Stellen Sie einer Bank eine Frage in eigenen Worten. Sie wird hier beantwortet.',
      send: 'Lesen Sie Byte für Byte, was hinausginge. Dann senden Sie es.',
      use: 'Versehen Sie eine Datei mit den Antworten des großen Modells, oder aus einem Programm.',
    },
  },
  demo: {
    title: 'Was Schutz kostet, und was er bringt',
    lead: 'Viermal dieselbe Aufgabe. Wählen Sie eine Stärke.',
    choose: 'Stärke',
    epsilon: (epsilon: number) => `ε = ${epsilon}`,
    none: 'keiner',
    noneLong: 'Kein Schutz',
    accuracy: 'Richtige Antworten auf neue Fragen',
    without: (percent: string) => `${percent} ohne Prompt`,
    guesses: 'Beste Vermutung, wer dabei war',
    guessesOf: (right: number) => `${right} von 100`,
    chance: '50 durch Zufall',
    noLimit: 'nichts begrenzt sie',
    attack: 'Was ein Angriff errät, hier und jetzt',
    attackNow: 'Jetzt angreifen',
    attackAgain: 'Noch einmal angreifen',
    attacking: 'Angriff mit erfundenen Zeilen',
    attackSafe: 'Nichts von Ihnen wurde gelesen oder geändert.',
    attackHint:
      'Der Angreifer mischt 2.000 erfundene Zeilen hinein, jede nach Münzwurf, sieht jeden verrauschten Schritt, und rät bei den 100, deren er am sichersten ist: weit mehr, als jemand hat, der nur den Prompt kennt.',
    notYet: '–',
    allowed: (most: number) =>
      `50 durch Zufall. Bei den Zeilen, deren er am sichersten ist, lässt das Versprechen jeden Angriff etwa ${most} richtig raten.`,
    noNoise: 'ohne Rauschen lässt sich jede erfundene Zeile aus der Summe ablesen',
    table: 'Alle vier nebeneinander',
    columns: { epsilon: 'Schutz', accuracy: 'Richtige Antworten', guesses: 'Beste Vermutung', attack: 'Angriff jetzt' },
    realRows: (withNoise: number, without: number) =>
      `Ein Angriff auf echte Zeilen sieht weniger: von einer benutzten und einer unbenutzten Zeile des Beispiels fand er bei ε = 8 in ${withNoise} von 100 Fällen die benutzte, ohne Schutz in ${without} (25. November 2026, Prompts aus 200 Zeilen, was dem Angreifer hilft).`,
    source:
      'Die richtigen Antworten wurden am Beispiel mit dem Demomodell gemessen, je ein Lauf (30. November 2026): ein oder zwei Punkte Unterschied sind Zufall.',
  },
}
