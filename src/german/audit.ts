import type { AttackReport, Estimate } from '../../workers/protocol/audit.ts'
import { formatCount, formatFigure, formatPercent, formatTiny } from '../ui/format.ts'

export const AUDIT_DE = {
  noise: {
    title: 'Das Rauschen prüfen',
    lead: 'Das Versprechen ruht auf Zufall und Rauschen, die dieser Browser macht. Softpost kann einige hundert Schritte mit erfundenen Zeilen durch dasselbe Programm schicken, das Ihre lesen wird, und vergleichen, ob herauskommt, was der Beweis braucht. Ihre Datei wird nicht gelesen.',
    start: 'Mein Rauschen prüfen',
    again: 'Nochmals prüfen',
    working: 'Prüfung an erfundenen Zeilen',
    stop: 'Anhalten',
    stopping: 'Hält an…',
    passed: (checks: number) => `Alle ${checks} Prüfungen bestanden`,
    passedDetail: (ratio: number, steps: number, draws: number) =>
      `Das ausgegebene Rauschen ist ${formatPercent(ratio, 1)} dessen, was es sein soll, über ${formatCount(steps)} Schritte und ${formatCount(draws)} einzelne Züge. Um 5 % zu kleines Rauschen wäre gefunden worden.`,
    failed: 'Die Prüfung fand einen Fehler',
    failedDetail:
      'Rauschen oder Stichproben in diesem Browser sind nicht, was das Versprechen braucht. Senden Sie keinen Prompt, der hier gelernt hat. Laden Sie die Seite neu, oder nehmen Sie einen anderen Browser, und prüfen Sie wieder.',
    falseAlarm: (chance: number) =>
      `Mit gutem Rauschen misslingt die Prüfung in höchstens ${formatTiny(chance)} aller Fälle durch Zufall.`,
    canaries: (correct: number, guesses: number, canaries: number) =>
      `Wir spielten auch den Angreifer: ${formatCount(canaries)} erfundene Zeilen wurden durch Münzwurf hineingegeben oder weggelassen, und wer jeden verrauschten Schritt sieht, riet bei ${formatCount(guesses)} davon. ${formatCount(correct)} waren richtig.`,
    bound: (lower: number, epsilon: number) =>
      `${lower === 0 ? 'Das ist zu nahe am Zufall, um etwas zu zeigen' : `Das zeigt, dass ε mindestens ${formatFigure(lower)} ist`}; das Versprechen Ihres Plans ist höchstens ${formatFigure(epsilon)}.`,
    broken: (lower: number, epsilon: number) =>
      `Das zeigt, dass ε mindestens ${formatFigure(lower)} ist, mehr als die ${formatFigure(epsilon)}, die der Plan nennt.`,
    boundHint: 'Eine niedrige Zahl beweist nicht, dass alles gut ist; sie zeigt, wie weit dieser Angriff kam.',
    details: 'Jede Prüfung',
    table: 'Prüfungen des Selbsttests',
    columns: {
      check: 'Was geprüft wurde',
      verdict: 'Ergebnis',
      chance: 'Wahrscheinlichkeit eines so seltsamen Bildes',
    },
    ok: 'bestanden',
    notOk: 'misslungen',
    safe: 'Ihre Datei, Ihr Plan und Ihre Läufe sind unberührt.',
    checks: {
      'whole-numbers': 'Rauschen und Summen sind ganze Zahlen',
      'noise-size': 'Das Rauschen ist so groß wie geplant',
      'noise-shape': 'Das Rauschen hat die Form einer Glockenkurve',
      'noise-tails': 'Sehr großes Rauschen ist so häufig, wie es soll',
      'noise-fresh': 'Das Rauschen ist jedes Mal neu',
      'noise-on-empty': 'Auch Schritte ohne Zeile bekommen Rauschen',
      'row-size': 'Eine Zeile fügt hinzu, was sie darf, und nicht mehr',
      'row-shape': 'Was eine Zeile hinzufügt, ist verteilt, wie es soll',
      'batch-sizes': 'Stichproben sind so groß, wie unabhängige Münzen sie machen',
      'batch-members': 'Keine Zeile wird öfter gezogen als andere',
      'batch-overlap': 'Jede Stichprobe wird neu gezogen',
    },
  },
  attack: {
    title: 'Was ein Angreifer sagen könnte',
    lead: 'Softpost kann den Angreifer spielen: acht Prompts lernen wie Ihrer, jeder aus einer zufälligen Hälfte von bis zu 400 Ihrer Zeilen, und aus jedem wird zu lesen versucht, aus welchen Zeilen er lernte. Alles geschieht hier, und die Zahlen werden nirgendwohin gesendet. Es dauert einige Minuten.',
    start: 'Prompts wie meinen angreifen',
    again: 'Nochmals angreifen',
    working: 'Prompts für den Angriff lernen',
    stop: 'Anhalten',
    stopping: 'Hält an…',
    elsewhere: 'Ein Angriff auf einen anderen Lauf ist im Gang.',
    needsFile: (name: string) =>
      `Der Angriff liest die Zeilen wieder. Sie werden nach einem Lauf nicht behalten: öffnen Sie ${name} und die Aufgabe noch einmal.`,
    toData: 'Zu „Daten“',
    safe: 'Ihr Prompt und Ihre Läufe sind unberührt.',
    seal: {
      title: 'Private Zahlen ansehen?',
      detail:
        'Diese Zahlen kommen aus Ihren Zeilen, und ε deckt sie nicht. Führt das Gesehene dazu, dass Sie diesen oder einen anderen Prompt senden, so sagt diese Wahl selbst womöglich etwas über die Zeilen. Senden Sie zuerst, wenn das Versprechen gelten soll, wie es steht: haben Sie hingesehen, sagen es die Zertifikate der Prompts aus diesen Zeilen.',
      keep: 'Lassen',
      go: 'Angreifen und ansehen',
    },
    about: ({ shadows, rows, steps, batchSize, epsilon }: AttackReport) =>
      `${formatCount(shadows)} Prompts, jeder aus etwa der Hälfte von ${formatCount(rows)} Zeilen, ${formatCount(steps)} Schritte zu ${formatFigure(batchSize)} Zeilen, ${epsilon === null ? 'ohne Grenze' : `mit ε = ${formatFigure(epsilon)}`}.`,
    facts: {
      auc: 'Unterschieden, von Paaren einer benutzten und einer unbenutzten Zeile',
      found: 'Benutzte Zeilen gefunden, bei 1 % Fehlalarm',
      ceiling: 'So viel darf ein Angriff höchstens finden',
      ratio: 'Mittleres ln-Verhältnis benutzter Zeilen',
    },
    estimate: ({ value, low, high }: Estimate, format: (value: number) => string) =>
      `${format(value)} (${format(low)} bis ${format(high)})`,
    noCeiling: 'keine Grenze',
    verdict: ({ value, low }: Estimate) =>
      low > 0.5
        ? `Dieser Angriff ist besser als Raten: von einer benutzten und einer unbenutzten Zeile nennt er ${Math.round(100 * value)}-mal von 100 die benutzte. Durch Raten wären es 50.`
        : 'Dieser Angriff ist nicht besser als Raten, soweit so wenige Prompts es sagen können.',
    curve: {
      title: 'Benutzte Zeilen gefunden, nach Fehlalarmen',
      figure: (found: string) => `${found} gefunden bei 1 %`,
      x: 'Fehlalarme (%)',
      attack: 'Dieser Angriff',
      ceiling: 'Höchstens, nach ε',
      guessing: 'Raten',
      empty: 'Noch keine Zahlen',
      summary: (found: string, most: string) =>
        `Bei 1 % Fehlalarm findet dieser Angriff ${found} der benutzten Zeilen; jeder Angriff findet höchstens ${most}.`,
    },
    limits: (epsilon: number | null) => [
      epsilon === null
        ? 'Ohne Differential Privacy begrenzt nichts, was ein besserer Angriff findet.'
        : 'Der Angriff zeigt, was möglich ist; das Versprechen zeigt, was nicht. Ein besserer Angriff liegt irgendwo dazwischen.',
      'Prompts aus wenigen Zeilen zeigen von jeder mehr als Prompts aus vielen; Ihr eigener zeigt also höchstwahrscheinlich weniger.',
      'Beides sagt nicht, was man über eine Person aus dem erraten kann, was allgemein für Menschen wie sie gilt: das begrenzt Differential Privacy nicht.',
    ],
  },
}
