export const DATA_DE = {
  needsModel: {
    title: 'Zuerst das Modell',
    detail: 'Der Arbeiter, der Ihre Datei liest, zerlegt sie auch in die Wortstücke des Modells.',
    action: 'Zu „Modell“',
  },
  pick: {
    title: 'Datei hier ablegen',
    detail: 'CSV, TSV, JSON-Zeilen oder ein Text je Zeile, bis 100 MB.',
    button: 'Datei wählen',
    over: 'Loslassen, um sie zu lesen',
    another: 'Andere Datei wählen',
  },
  sample: {
    title: 'Oder ein Beispiel nehmen',
    listing: 'Beispiele werden gesucht',
    use: (name: string) => `„${name}“ nehmen`,
    rows: (rows: string) => `${rows} Zeilen`,
    none: 'Diese Seite bietet kein Beispiel.',
    fetching: (name: string) => `${name} wird geholt`,
  },
  reading: (name: string) => `${name} wird im Arbeiter gelesen`,
  lost: {
    title: 'Der Arbeiter, der Ihre Datei hielt, wurde neu gestartet',
    detail: 'Ihre Datei ist unberührt. Sie wird wieder gelesen, sobald das Modell geladen ist.',
    again: 'Wieder lesen',
  },
  failed: {
    safe: 'Die Datei selbst wurde nicht verändert, und nichts davon wurde gesendet.',
    again: 'Nochmals versuchen',
  },
  file: {
    rows: 'Zeilen',
    size: 'Größe',
    format: 'Format',
    formatName: { csv: 'CSV', tsv: 'TSV', jsonl: 'JSON-Zeilen', text: 'ein Text je Zeile' },
    textColumn: 'Spalte mit dem Text',
    labelColumn: 'Spalte mit der Klasse',
    noLabel: 'Keine Spalte',
    personColumn: 'Spalte, die sagt, von wem die Zeile ist',
    noPersons: 'Keine: einzelne Zeilen schützen',
    personHint: 'Nur wenn eine Person in mehreren Zeilen stehen kann, etwa eine Kundennummer.',
    likelyPersons: {
      title: (column: string) => `Sagt „${column}“, von wem eine Zeile ist?`,
      detail:
        'Steht eine Person in mehreren Zeilen, so schützt der Schutz einzelner Zeilen sie weniger. Wählen Sie die Spalte, und jede Person ist mit all ihren Zeilen geschützt.',
      use: 'Personen schützen',
    },
    persons: 'Personen',
    personsChosen:
      'Jede Person ist mit all ihren Zeilen geschützt. Höchstens einige Zeilen jeder Person nehmen teil, als eine, und eine Person wird ganz zurückbehalten oder ganz zum Lernen genommen.',
    preview: 'Erste Zeilen',
    previewHint: 'Aus dem Bericht des Arbeiters. Die Datei selbst bleibt beim Arbeiter.',
    text: 'Text',
    label: 'Klasse',
    classes: 'Zeilen je Klasse',
    more: (count: string) => `und ${count} weitere Klassen`,
    dropped: 'Ausgelassen',
    reason: {
      'empty-text': 'ohne Text',
      'missing-label': 'ohne Klasse',
      'missing-person': 'ohne Angabe, von wem sie sind',
      'too-long': 'sehr lang, wie gewünscht',
      malformed: 'nicht lesbar',
    },
    unlabelled: {
      title: 'Diese Zeilen haben keine Klassen',
      detail:
        'Gelernt wird aus Beispielen mit Klasse. Wählen Sie die Spalte, in der sie steht, oder eine andere Datei.',
    },
    oneLabel: {
      title: (label: string) => `Alle Zeilen haben die Klasse „${label}“`,
      detail:
        'Es gibt nichts zu unterscheiden. Ergänzen Sie Zeilen einer anderen Klasse, oder wählen Sie eine andere Spalte.',
    },
    tooManyLabels: (count: string) =>
      `Diese Spalte hat ${count} verschiedene Werte, mehr als die 64 Klassen, die eine Aufgabe haben darf. Wählen Sie eine andere Spalte für die Klasse.`,
  },
  problems: {
    title: 'Ein Blick auf Ihre Zeilen',
    lead: 'Softpost zeigt, was auffällt, und ändert nichts von sich aus. Ob eine Zeile teilnimmt, darf allein von ihr abhängen; was Zeilen vergleicht, kommt deshalb in eine bearbeitete Datei.',
    clean: 'Nichts Auffälliges gefunden.',
    duplicates: (rows: string) => `${rows} gleich einer früheren`,
    duplicatesDetail: 'Schon jetzt nur einmal genommen: eine gleiche Zeile fügt nichts hinzu.',
    nearDuplicates: (rows: string) => `${rows} bis auf Großschreibung, Leer- und Satzzeichen gleich einer früheren`,
    nearDuplicatesDetail: 'Kopien geben einem Text mehr Gewicht als anderen und zeigen ihn deutlicher im Prompt.',
    contradictions: (texts: string, rows: string) => `${texts} unter mehr als einer Klasse (${rows})`,
    contradictionsDetail: 'Das Modell bekommt beides gesagt und kann keines lernen. Sehen Sie zuerst hier nach:',
    contradictionsTable: 'Texte unter mehr als einer Klasse',
    labelledAs: 'Klassen',
    long: (rows: string) => `${rows} mit mehr als 2.000 Zeichen`,
    longDetail:
      'Die Mitte eines solchen Textes wird womöglich gekürzt, und eine lange Zeile macht ihren Schritt langsam.',
    leaveOutLong: 'Lange Zeilen auslassen',
    keepLong: 'Lange Zeilen wieder nehmen',
    rare: (labels: string) => `${labels} mit weniger als 10 Zeilen`,
    rareDetail: (names: string) =>
      `So wenige Beispiele gehen im Rauschen unter: ${names}. Ergänzen Sie Zeilen, oder legen Sie die Klasse in Ihrer Datei mit einer anderen zusammen.`,
    edit: {
      title: 'Eine bearbeitete Datei machen',
      lead: 'Eine neue Datei neben Ihrer, die bleibt, wie sie ist. Zeilen, die in beiden stehen, teilen sich ein Budget.',
      names: {
        duplicates: 'Gleiche Zeilen nur einmal',
        'near-duplicates': 'Fast gleiche Zeilen nur einmal',
        contradictions: 'Jeden Text unter mehr als einer Klasse auslassen',
        long: 'Sehr lange Zeilen auslassen',
      },
      make: 'Datei machen',
      made: (rows: string) => `Die bearbeitete Datei hat ${rows}.`,
      use: 'Mit ihr weitermachen',
      save: 'Speichern',
      name: (base: string) => `${base}-bearbeitet.csv`,
    },
  },
  task: {
    title: 'Die Aufgabe',
    lead: 'Was das Modell gefragt wird. Es reist mit dem Prompt; schreiben Sie hier nichts, was Sie nicht veröffentlichen würden.',
    template: 'Vorlage',
    templateHint: 'Der Text einer Zeile tritt an die Stelle von {text}. Das Modell rät das Wort, das folgt.',
    initText: 'Text, von dem der Prompt ausgeht',
    initTextHint: 'Sagen Sie in einfachen Worten, was gefragt ist. Das Lernen beginnt dort.',
    classes: 'Klassenwörter',
    classesHint:
      'Zu jeder Klasse Wörter, die das Modell als nächstes raten kann, mit Kommas getrennt. Jedes muss für dieses Modell ein einziges Stück sein.',
    proposed:
      'Diese Wörter stammen aus den Namen Ihrer Klassen. Besser sind alltägliche Wörter, die auf die Vorlage folgen könnten.',
    check: 'Aufgabe prüfen',
    checking: 'Jedes Wort und jede Zeile wird mit dem Zerleger des Modells geprüft',
    stale: 'Seit der Prüfung geändert.',
    split: (word: string, pieces: string) => `„${word}“ besteht hier aus mehreren Stücken: ${pieces}.`,
    replace: 'Wählen Sie ein kürzeres, alltägliches Wort an seiner Stelle.',
    take: (word: string) => `Stattdessen „${word}“ nehmen`,
    drop: (word: string) => `„${word}“ weglassen`,
    wrong: 'Einige Wörter sind für dieses Modell nicht ein Stück. Ändern Sie sie, oder lassen Sie sie weg.',
    shared: (word: string, labels: string) =>
      `Das Wort „${word}“ steht für ${labels}. Geben Sie jeder Klasse eigene Wörter.`,
    and: ' und ',
    ready: {
      title: 'Die Aufgabe passt zu diesem Modell',
      rows: (rows: string) => `${rows} zum Lernen brauchbar.`,
      cut: (rows: string) => `${rows} in der Mitte gekürzt, um zu passen.`,
      without: (rows: string) => `${rows} mit einer Klasse, die nicht zur Aufgabe gehört; sie bleiben draußen.`,
    },
    publish: {
      title: 'Würden Sie diese Liste veröffentlichen?',
      detail:
        'Diese Namen und Wörter werden mit dem Prompt gesendet, und Rauschen deckt sie nicht. Eine Klasse wie der Name einer Person oder der Schlüssel einer Diagnose sagt womöglich zu viel.',
    },
    defaults: {
      template: '{text} It is about',
      initText: (labels: string) => `Which of these is the text about: ${labels}?`,
    },
  },
}
