export const TUNE_DE = {
  needsPlan: {
    title: 'Zuerst ein Plan',
    detail: 'Ein Lauf beginnt mit einem Plan: wie viele Schritte, und wie viel Rauschen.',
    action: 'Zu „Schutz“',
  },
  start: {
    anotherTitle: 'Noch ein Lauf nach demselben Plan',
    title: 'Bereit',
    lead: (steps: string, time: string | null) =>
      time === null ? `${steps}.` : `${steps}, etwa ${time} auf diesem Gerät.`,
    budget: (epsilon: string) =>
      `Dieser Lauf darf ε ${epsilon} von dem verbrauchen, was die Zeilen Ihrer Datei preisgeben.`,
    noBudget: 'Dieser Lauf hat keine Differential Privacy.',
    button: 'Lernen beginnen',
    again: 'Noch einen Lauf beginnen',
    failed: 'Kein Schritt wurde getan und kein Budget verbraucht.',
  },
  status: { running: 'Lernt', paused: 'Pause', finished: 'Fertig', stopped: 'Früher beendet', failed: 'Misslungen' },
  run: {
    title: (dataName: string) => `Lauf mit ${dataName}`,
    progress: 'Schritte',
    steps: (done: string, of: string) => `${done} von ${of}`,
    left: (time: string) => `noch etwa ${time}`,
    pace: (examples: string) => `${examples} Zeilen je Sekunde`,
    warming: 'Die ersten Schritte',
    pause: 'Pause',
    resume: 'Weiter',
    stop: 'Hier beenden',
    loadingModel: 'Das Modell wird wieder geladen',
    pausedHint:
      'Der letzte gespeicherte Schritt bleibt in diesem Browser. Beim Weitergehen gibt es neue Stichproben und neues Rauschen; verbrauchtes Budget bleibt verbraucht.',
    stoppedHint: 'Der Prompt des letzten Schritts bleibt. Sein Zertifikat nennt das ganze geplante Budget.',
    finishedHint: 'Der Prompt bleibt in diesem Browser.',
    askFailed: 'Der Lauf selbst bleibt an seinem letzten gespeicherten Schritt.',
    failedSafe: 'Der letzte gespeicherte Schritt bleibt.',
    lost: (steps: string) =>
      `Bei einer Pause oder einem Neuladen weggefallen: ${steps} des Plans. Das Budget dafür bleibt verbraucht.`,
    try: 'An einem Text probieren',
    send: 'Ansehen, was gesendet würde',
  },
  wake: {
    held: 'Der Bildschirm bleibt an, solange Sie zusehen. Sie dürfen auch andere Tabs ansehen: der Lauf geht weiter.',
    background: 'Sie dürfen andere Tabs ansehen: der Lauf geht weiter. Halten Sie das Gerät wach.',
    slept: (time: string) => `Der Browser hatte diese Seite ${time} lang schlafen gelegt`,
    sleptDetail:
      'Kein Schritt ging verloren: der Lauf ging dort weiter, wo er stand. Ein eigenes Fenster für diesen Tab vermeidet das.',
  },
  selfCheck: {
    good: (step: string) => `Geprüft nach Schritt ${step}:`,
    moved: 'der Prompt lernt',
    noise: 'das Rauschen hat die geplante Größe',
    finite: 'die Zahlen sind in Ordnung',
    faults: {
      title: 'Eine Prüfung nach den ersten Schritten fand etwas Falsches',
      moved: 'Der Prompt hat sich seit Beginn nicht bewegt. Eine höhere Lernrate hilft womöglich.',
      noise:
        'Das Rauschen hat nicht die geplante Größe. Senden Sie diesen Prompt nicht; laden Sie die Seite neu, und prüfen Sie das Rauschen unter „Schutz“.',
      finite:
        'Das Modell gab Zahlen, die nicht endlich sind. Nehmen Sie ein anderes Modell, oder rechnen Sie mit WASM.',
    },
  },
  stopDialog: {
    title: 'Diesen Lauf hier beenden?',
    detail:
      'Der Prompt bleibt, wie er jetzt ist, und kann probiert und gesendet werden. Dieser Lauf geht danach nicht weiter, und sein ganzes geplantes Budget gilt als verbraucht. Um später weiterzumachen, nehmen Sie Pause.',
    keep: 'Weiter lernen',
    stop: 'Hier beenden',
  },
  network: {
    online: {
      title: 'Sie können das WLAN jetzt ausschalten',
      detail: 'Bis zum Senden braucht nichts das Netz. Die Schritte gehen weiter.',
    },
    offline: { title: 'Dieses Gerät ist ohne Netz', detail: 'Das Lernen geht trotzdem weiter, wie es soll.' },
    back: { title: 'Dieses Gerät ist wieder im Netz', detail: 'Es war eine Weile ohne, und dem Lernen war es gleich.' },
  },
  curves: {
    title: 'Wie er lernt',
    covered:
      'Auch diese Kurven sind gedeckt: was Sie sehen, hat Rauschen wie der Prompt selbst; Zusehen, Beenden und neu Beginnen gibt also nichts weiter preis. Dünne Linien sind einzelne Schritte, dicke ihr Mittel. Eine Zeile, die stärker am Prompt zieht als erlaubt, wird darauf gekürzt. Die Überraschung soll sinken, die richtigen Antworten sollen steigen.',
    plain: 'Genaue Zahlen der Zeilen jedes Schritts. Dünne Linien sind einzelne Schritte, dicke ihr Mittel.',
    loss: 'Überraschung über die richtige Antwort (Loss)',
    accuracy: 'Richtig geraten',
    clipped: 'Gekürzte Zeilen',
    epsilon: 'Verbrauchtes Budget (ε)',
    limit: (epsilon: string) => `geplant: ${epsilon}`,
    noEpsilon: 'Keine Differential Privacy: es gibt kein ε zu zählen.',
    each: 'jeder Schritt',
    mean: 'Mittel der letzten Schritte',
    spent: 'verbraucht',
    step: 'Schritt',
    none: '–',
    of: (spent: string, planned: string) => `${spent} von ${planned}`,
    summary: (title: string, first: string, last: string, step: string) =>
      `${title}: zuerst ${first}, bei Schritt ${step} ${last}.`,
    empty: 'Der erste Punkt kommt nach dem ersten Schritt.',
  },
  heldOut: {
    title: 'Auf Zeilen, die er nicht gesehen hat',
    lead: {
      row: (step: string) =>
        `Einige Zeilen wurden durch je einen Münzwurf zurückbehalten. Gemessen nach Schritt ${step}.`,
      person: (step: string) =>
        `Einige Personen wurden mit all ihren Zeilen durch je einen Münzwurf zurückbehalten. Jede zählt als eine, gemessen nach Schritt ${step}.`,
    },
    chosen: (step: string) => `Sie haben den Prompt von Schritt ${step} statt des letzten genommen.`,
    chosenStart: 'Sie haben den Prompt, mit dem der Lauf begann, statt des letzten genommen.',
    other: {
      title: {
        start: 'Auf diesen Zeilen war das Modell mit dem Prompt besser, mit dem der Lauf begann',
        step: (step: string) => `Auf diesen Zeilen war der Prompt von Schritt ${step} besser`,
        last: 'Der letzte Prompt ist noch da',
      },
      detail: (other: string, own: string) => `${other} richtig mit ihm, ${own} mit dem, den der Lauf jetzt hat.`,
      why: 'Spätere Schritte können einen Prompt schlechter machen, wenn die meisten Texte schon vorher richtig beantwortet wurden: Was noch zu lernen ist, geht im Rauschen unter. Einen anderen Prompt zu nehmen kostet keinen Datenschutz und lässt sich rückgängig machen.',
      whyPlain:
        'Spätere Schritte können einen Prompt schlechter machen. Einen anderen zu nehmen lässt sich rückgängig machen.',
      take: {
        start: 'Den ersten Prompt nehmen',
        step: (step: string) => `Den Prompt von Schritt ${step} nehmen`,
        last: 'Wieder den letzten nehmen',
      },
      taking: 'Wird genommen …',
    },
    covered:
      'Die Zahlen haben Rauschen und sind gerundet, damit auch sie vom ε des Laufs gedeckt sind. Sie gehen womöglich nicht auf.',
    accuracy: 'richtig',
    matrix: 'Was das Modell sagte, nach Klasse in der Datei',
    answers: 'Eine Antwort gilt als richtig, wenn das Modell genau die Wörter der Datei schreiben würde.',
    waiting: 'Die erste Messung kommt in einer Weile.',
  },
}
