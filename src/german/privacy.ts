export const PRIVACY_DE = {
  needsTask: {
    title: 'Zuerst die Beispiele',
    detail: 'Wie viel Rauschen ein Versprechen braucht, hängt davon ab, wie viele Zeilen es sind.',
    action: 'Zu „Daten“',
  },
  choice: {
    title: 'Schutz',
    private: 'Mit Differential Privacy',
    privateHint: 'Rauschen wird beigemischt, damit keine einzelne Zeile viel zeigt.',
    none: 'Ohne Differential Privacy',
    noneHint: 'Der Prompt passt sich Ihren Zeilen so eng an, wie er kann.',
  },
  noneWarning: {
    title: 'Nichts begrenzt dann, was der Prompt verrät',
    detail:
      'Wer den Prompt untersucht, findet womöglich heraus, was einzelne Zeilen sagen. Das Zertifikat sagt, dass dieser Prompt keine Differential Privacy hat. Wählen Sie das nur für Daten, die Sie veröffentlichen könnten. Ein solcher Lauf zeigt auch genaue Zahlen Ihrer Zeilen, und geschützte Prompts aus ihnen sagen danach, dass Sie diese gesehen haben.',
  },
  slider: {
    label: 'Stärke des Schutzes',
    strong: 'Stark',
    weak: 'Schwach',
    words: {
      'very strong': 'Sehr starker Schutz',
      strong: 'Starker Schutz',
      moderate: 'Mittlerer Schutz',
      weak: 'Schwacher Schutz',
    },
    valueText: (words: string, epsilon: number) => `${words}, Epsilon ${epsilon}`,
    effect: {
      'very strong': 'Viel Rauschen. Aus wenigen Zeilen lernt der Prompt womöglich wenig.',
      strong: 'Mehr Rauschen, also leidet die Genauigkeit etwas. Braucht einige tausend Zeilen.',
      moderate: 'Die übliche Wahl: etwas Genauigkeit wird aufgegeben.',
      weak: 'Wenig Rauschen. Die Genauigkeit bleibt nahe an einem Lauf ohne Schutz.',
    },
  },
  odds: {
    title: 'Was das heißt',
    figure: (right: number) => `${right} von 100`,
    sentence: {
      row: (right: number) =>
        `Wer jede andere Zeile kennt und rät, ob eine Zeile dabei war, hat höchstens ${right}-mal von 100 recht. Ohne hinzusehen sind es 50.`,
      person: (right: number) =>
        `Wer die Zeilen aller anderen kennt und rät, ob eine Person dabei war, hat höchstens ${right}-mal von 100 recht. Ohne hinzusehen sind es 50.`,
    },
    picture: (right: number) =>
      `Hundert Versuche: 50 durch Zufall richtig, bis zu ${right - 50} mehr nach Untersuchung des Prompts.`,
    chance: 'durch Zufall richtig',
    gained: 'höchstens mehr, nach Untersuchung des Prompts',
    wrong: 'weiter falsch',
    factor: {
      row: (factor: string, epsilon: string) =>
        `ε = ${epsilon}: nichts, was man sieht, ist mit der Zeile mehr als ${factor}-mal so wahrscheinlich wie ohne sie,`,
      person: (factor: string, epsilon: string) =>
        `ε = ${epsilon}: nichts, was man sieht, ist mit der Person mehr als ${factor}-mal so wahrscheinlich wie ohne sie,`,
    },
    delta: (delta: string) => `außer mit Wahrscheinlichkeit δ\u00A0=\u00A0${delta}.`,
    unit: {
      row: 'Geschützt ist, was eine Zeile sagt, nicht wie viele Zeilen es sind. Eine Person, die in mehreren Zeilen steht, ist weniger geschützt.',
      person: (rows: string) =>
        `Geschützt ist, was alle Zeilen einer Person sagen, nicht wie viele Personen es sind. Höchstens ${rows} jeder Person nehmen teil, als eine.`,
    },
  },
  attack: {
    summary: 'Was der beste Angriff herausfinden könnte',
    hint: {
      row: 'Jemand, der jede andere Zeile kennt, will sagen, welche Zeilen dabei waren, und darf sich bei einigen irren, die es nicht waren. Die Tabelle sagt, wie viele er höchstens findet. Es ist eine Grenze für jeden Angriff, keine Vorhersage: die meisten finden weniger.',
      person:
        'Jemand, der die Zeilen aller anderen kennt, will sagen, welche Personen dabei waren, und darf sich bei einigen irren, die es nicht waren. Die Tabelle sagt, wie viele er höchstens findet. Es ist eine Grenze für jeden Angriff, keine Vorhersage: die meisten finden weniger.',
    },
    caption: 'Was ein Angreifer höchstens findet',
    wrong: 'Zu Unrecht verdächtigt, von 100 Unbeteiligten',
    right: 'Höchstens gefunden, von 100 Beteiligten',
    person: (rows: number, epsilon: string) =>
      `Für eine Person in ${rows} Zeilen ist ε für alle zusammen ${epsilon}. Kommt das in Ihrer Datei vor, nennen Sie die Spalte mit den Personen, damit ganze Personen geschützt sind.`,
    limits:
      'Diese Grenzen betreffen das Dabeisein. Was aus allen Zeilen zusammen folgt, etwa dass verspätete Karten eine häufige Beschwerde sind, soll der Prompt ja lernen, und es kann auch auf Menschen zutreffen, deren Zeilen nie benutzt wurden.',
  },
  cost: {
    title: 'Was es an Genauigkeit kosten mag',
    detail: (share: string) =>
      `Auf öffentlichen Daten behielt das Lernen mit so viel Rauschen etwa ${share} von dem, was es ohne Rauschen gewinnt. Eine Vorhersage allein aus der Zahl Ihrer Zeilen und dem Rauschen: an Ihren Zeilen wurde nichts probiert, und sie mögen sich anders verhalten.`,
  },
  drowned: {
    title: 'Aus so wenigen Zeilen lernt der Prompt womöglich wenig',
    detail: (times: string) =>
      `In jedem Schritt ist das Rauschen etwa ${times}-mal so groß wie alles, was die Zeilen zusammen sagen können. Mehr Zeilen helfen am meisten; schwächerer Schutz auch.`,
  },
  plan: {
    title: 'Der Plan',
    working: 'Das Rauschen wird berechnet',
    time: 'Voraussichtliche Zeit',
    unmeasured: 'auf diesem Gerät noch nicht gemessen',
    perStep: (seconds: string) => `${seconds} je Schritt`,
    steps: 'Schritte',
    batch: { row: 'Zeilen je Schritt, im Mittel', person: 'Personen je Schritt, im Mittel' },
    length: 'Vektoren im Prompt',
    rows: { row: 'Zeilen zum Lernen', person: 'Personen zum Lernen' },
    noise: 'Rauschen in jedem Schritt',
    noiseOf: {
      row: (sigma: string) => `das ${sigma}-Fache dessen, was eine Zeile höchstens beiträgt`,
      person: (sigma: string) => `das ${sigma}-Fache dessen, was eine Person höchstens beiträgt`,
    },
    epsilon: 'Budget des Laufs',
    again: 'Neu planen',
    failed: 'An Ihren Zeilen wurde nichts gerechnet, und kein Budget wurde verbraucht.',
  },
  knobs: {
    summary: 'Weitere Einstellungen',
    hint: 'Lassen Sie ein Feld leer, so wählt Softpost. Sie alle werden mit dem Prompt gesendet.',
    name: {
      delta: 'Bruchgefahr δ',
      promptLength: 'Vektoren im Prompt',
      batchSize: 'Zeilen (oder Personen) je Schritt, im Mittel',
      steps: 'Schritte',
      learningRate: 'Lernrate',
      clipNorm: 'Längster Zug einer Zeile, C',
      maxRowsPerPerson: 'Zeilen einer Person, die teilnehmen',
    },
    why: {
      delta: 'Wie selten das Versprechen brechen darf. Kleiner ist strenger.',
      promptLength: 'Wie lang die gelernte Liste ist. Länger lernt mehr und braucht mehr Zeilen.',
      batchSize: 'Mehr Zeilen je Schritt heißt weniger Rauschen für jede, und langsamere Schritte.',
      steps: 'Mehr Schritte lernen länger und brauchen in jedem mehr Rauschen.',
      learningRate: 'Wie weit jeder Schritt geht.',
      clipNorm: 'Das Äußerste, das eine Zeile in einem Schritt am Prompt ziehen darf (C).',
      maxRowsPerPerson: 'So viele Zeilen jeder Person zählen, die ersten, zusammen als eine.',
    },
    chosen: (value: string) => `gewählt: ${value}`,
    reset: 'Alle leeren',
  },
}
