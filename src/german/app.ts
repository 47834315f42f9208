export const STEPS_DE = {
  model: {
    name: 'Modell',
    title: 'Ein kleines Modell auf dieses Gerät laden',
    lead: 'Der Anbieter hat für sein großes Modell einen kleinen Stellvertreter gemacht. Sie lernen mit ihm, hier, und Ihre Beispiele müssen nirgendwohin.',
    wait: 'Laden Sie das Modell, um weiterzugehen.',
  },
  data: {
    name: 'Daten',
    title: 'Ihre Beispiele wählen',
    lead: 'Eine Tabelle mit einem Text und einer Klasse in jeder Zeile. Die Datei wird nur auf diesem Gerät gelesen, von einem Hintergrundprogramm, dem der Browser kein Netz gibt.',
    wait: 'Wählen Sie eine Datei, und prüfen Sie die Aufgabe, um weiterzugehen.',
  },
  privacy: {
    name: 'Schutz',
    title: 'Entscheiden, wie viel eine einzelne Zeile zeigen darf',
    lead: 'Der fertige Prompt wird gesendet. Zufälliges Rauschen beim Lernen begrenzt, was jemand daraus über eine einzelne Zeile erfahren kann.',
    wait: 'Machen Sie einen Plan, um weiterzugehen.',
  },
  tune: {
    name: 'Lernen',
    title: 'Den Prompt lernen lassen',
    lead: 'Das Modell bleibt, wie es ist. Nur eine kurze Liste von Vektoren, der Prompt, lernt Ihre Aufgabe.',
    wait: 'Warten Sie das Ende des Laufs ab, oder beenden Sie ihn, um weiterzugehen.',
  },
  try: {
    name: 'Probieren',
    title: 'An einem Text probieren',
    lead: 'Tippen Sie einen Text, und sehen Sie, was das kleine Modell mit Ihrem Prompt sagt. Er bleibt auf diesem Gerät.',
    wait: 'Zuerst muss ein Lauf zu Ende sein.',
  },
  send: {
    name: 'Senden',
    title: 'Den Prompt senden',
    lead: 'Sehen Sie genau, was gesendet würde, und entscheiden Sie dann. Der Anbieter macht daraus, allein mit öffentlichen Daten, einen Prompt für sein großes Modell.',
    wait: 'Zuerst muss ein Lauf zu Ende sein.',
  },
  use: {
    name: 'Anwenden',
    title: 'An die Arbeit damit',
    lead: 'Eine ganze Datei von Texten mit Klassen versehen, auf diesem Gerät oder mit dem großen Modell.',
    wait: '',
  },
  workshop: {
    name: 'Workshop',
    title: 'Ein Workshop mit Softpost',
    lead: 'Für einen Raum: eine Einladung, was Schutz kostet, und ein Rundgang mit dem Beispiel. Ein Netz über diesen Rechner hinaus wird nicht gebraucht.',
    wait: '',
  },
  runs: {
    name: 'Läufe',
    title: 'Ihre Läufe',
    lead: 'Was dieser Browser behält. Wer seine Daten löscht, löscht auch das; speichern Sie eine Kopie von dem, was Sie brauchen.',
    wait: '',
  },
}

export const SHELL_DE = {
  brand: 'Softpost',
  tagline: 'Private Prompts',
  tab: (step: string) => `${step} · Softpost`,
  tabAtWork: (percent: string) => `${percent} gelernt · Softpost`,
  steps: 'Schritte',
  turn: 'Zurück und weiter',
  skip: 'Zum Schritt springen',
  stepOf: (step: number, of: number) => `Schritt ${step} von ${of}`,
  aside: { runs: 'Verlauf', workshop: 'Für den Raum' },
  stepDone: (name: string) => `${name}: fertig`,
  state: { done: 'fertig', ready: 'bereit', waiting: 'noch nicht' },
  back: (name: string) => `Zurück: ${name}`,
  next: (name: string) => `Weiter: ${name}`,
  theme: { label: 'Farben', auto: 'Auto', light: 'Hell', dark: 'Dunkel' },
  language: 'Sprache',
  update: {
    title: 'Eine neue Version dieser Seite ist da',
    detail: 'Sie wartet, bis Sie sie wollen. Läufe und Einstellungen bleiben.',
    whileTuning:
      'Sie wartet, bis Sie sie wollen. Jetzt genommen, hält der Lauf am letzten gespeicherten Schritt, und Sie können ihn weitergehen lassen.',
    take: 'Mit der neuen Version laden',
  },
  offline: {
    copying: 'Kopie für die Zeit ohne Netz wird gemacht',
    ready: 'Öffnet sich auch ohne Netz',
    update: 'Neue Version bereit',
    failed: 'Braucht zum Öffnen ein Netz',
    none: '',
  },
  insecure: {
    title: 'Softpost braucht eine sichere Verbindung',
    detail:
      'Über einfaches http gibt ein Browser einer Seite keinen eigenen Speicher und keine Hintergrundprogramme; nichts wurde gestartet und nichts gelesen.',
    open: 'Diese Seite über https öffnen',
    warning:
      'In einem Workshop warnt der Browser vor dem Zertifikat, denn der Rechner dort hat es selbst gemacht. Vergleichen Sie seinen Fingerabdruck mit dem auf dem Bildschirm, bevor Sie weitergehen.',
  },
  broken: {
    title: 'Dieser Teil der Seite ist kaputtgegangen',
    detail:
      'Ihre Datei und Ihre gespeicherten Läufe sind unberührt. Versuchen Sie es nochmals; geht er wieder kaputt, laden Sie die Seite neu.',
    again: 'Nochmals versuchen',
    reload: 'Seite neu laden',
  },
}
