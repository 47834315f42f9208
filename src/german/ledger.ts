import type { BudgetForecast, FileBudget } from '../../workers/protocol/ledger.ts'
import { formatFigure, formatPlural, formatTiny } from '../ui/format.ts'

function epsilon(value: number): string {
  return value === Infinity ? 'ohne Grenze' : `ε ${formatFigure(value)}`
}

export const LEDGER_DE = {
  budget: {
    title: 'Was diese Zeilen preisgegeben haben',
    lead: 'Jeder geschützte Lauf sagt ein wenig mehr über dieselben Zeilen; ihre ε summieren sich. Das hier ist, was dieses Browserprofil weiß: Läufe in einem anderen Browser, oder bevor seine Daten gelöscht wurden, stehen nicht darin.',
    bar: 'Verbraucht, mit diesem Lauf',
    barOf: ({ total, budget }: BudgetForecast) => `${epsilon(total)} von ${epsilon(budget)}`,
    spent: 'Zuvor verbraucht',
    spentValue: ({ spent, runs, delta }: FileBudget) =>
      runs === 0
        ? 'nichts'
        : `${epsilon(spent)} in ${formatPlural(runs, 'run')}, bei δ\u00A0=\u00A0${formatTiny(delta)}`,
    total: 'Mit diesem Lauf',
    limit: 'Alle Läufe zusammen dürfen',
    limitValue: ({ budget, isDefault }: FileBudget) => (isDefault ? `${epsilon(budget)}, wie üblich` : epsilon(budget)),
    rule: {
      'fixed-plans': 'Der ganze Plan zählt von Beginn an.',
      'renyi-filter':
        'Zusammengezählt für Läufe, die aufeinander folgen (ein Rényi-Filter): es gilt auch, wenn Sie einen späteren Lauf danach wählten, was ein früherer zeigte. Schritte, die ein beendeter Lauf nicht tat, zählen nicht.',
    },
    beyond: 'Dieser Lauf gäbe zu viel preis',
    beyondDetail: (affordable: number | null) =>
      affordable === null
        ? 'In das, was diese Zeilen verbrauchen dürfen, passt nichts mehr. Sie können ihnen unten mehr erlauben; das schwächt jedes Versprechen über sie.'
        : `Ein Lauf bis ε ${formatFigure(affordable)} passt noch. Sie können diesen Zeilen unten auch mehr erlauben; das schwächt jedes Versprechen über sie.`,
    take: (value: number) => `ε ${value} nehmen`,
    plain: 'Ein Prompt ohne Schutz wurde herausgegeben',
    plainDetail: 'Er lernte ohne Differential Privacy aus diesen Zeilen. Keine Zahl hier deckt ihn.',
    broken: 'Einträge in der Liste der Läufe dieses Browsers fehlen',
    brokenDetail:
      'Sie gingen verloren oder wurden von außen geändert; es ist womöglich mehr verbraucht, als die Liste sagt. Stellen Sie die Budgetdatei dieser Zeilen wieder her, oder machen Sie ohne das Fehlende weiter; dass Sie es taten, bleibt vermerkt.',
    mend: 'Ohne sie weitermachen',
  },
  change: {
    summary: 'Ändern, speichern oder wiederherstellen',
    label: 'ε, das alle Läufe mit diesen Zeilen verbrauchen dürfen',
    wrong: 'Geben Sie eine Zahl über 0 ein.',
    set: 'Setzen',
    fileHint:
      'Die Budgetdatei enthält die Läufe mit diesen Zeilen: Zahlen, Zeiten und den Namen der Datei, nichts aus den Zeilen selbst. Bewahren Sie sie bei Ihren Daten auf. Wiederhergestellt, fügt sie ihre Läufe der offenen Datei hinzu und senkt nichts.',
    save: 'Budgetdatei speichern',
    restore: 'Budgetdatei wiederherstellen',
    restored: (added: number) =>
      added === 0
        ? 'Alle ihre Läufe waren schon bekannt.'
        : `${formatPlural(added, 'run')} zu dieser Datei hinzugefügt.`,
    changed: 'Gesetzt.',
    safe: 'Nichts wurde geändert.',
  },
  file: {
    term: 'Bisher verbraucht',
    value: ({ spent, runs }: FileBudget) => (runs === 0 ? 'nichts' : epsilon(spent)),
  },
  list: {
    title: 'Was Ihre Dateien preisgegeben haben',
    lead: 'Alle Läufe mit denselben Zeilen, zusammengezählt, soweit dieses Browserprofil weiß. Ein gelöschter Lauf bleibt hier stehen: was gesehen wurde, wurde gesehen.',
    caption: 'Läufe, Datei für Datei',
    columns: { file: 'Datei', runs: 'Läufe', spent: 'Verbraucht', limit: 'Darf', saved: 'Budgetdatei' },
    saved: 'gespeichert',
    plain: (runs: number) => `${formatPlural(runs, 'run')} ohne Schutz`,
    plainReleased: 'und ein Prompt ohne Schutz wurde herausgegeben',
    failed: 'Die Liste der Läufe konnte nicht gelesen werden',
    safe: 'Ihre Läufe und Dateien sind davon unberührt.',
    again: 'Nochmals versuchen',
  },
  waiting: {
    title: 'Eine Sicherung enthält Läufe mit Zeilen, die dieser Browser nicht kennt',
    lead: 'In einer Sicherung steht nichts aus Ihren Zeilen, also kann sie nicht sagen, welche Datei es war. Bis Sie es tun, steht in keiner Zahl hier, was jene Läufe preisgaben, und ihre Prompts lassen sich weder probieren noch senden.',
    file: (name: string, runs: number) => `„${name}“: ${formatPlural(runs, 'run')}`,
    count: (name: string) => `Die offene Datei ist „${name}“`,
    open: 'Die Datei unter „Daten“ öffnen',
    hint: 'Sagen Sie es auch von einer geänderten oder gemischten Kopie: eine gemeinsame Zeile genügt.',
  },
  saveFirst: {
    title: 'Zuerst die Budgetdatei speichern',
    detail:
      'Dieser Browser verspricht nicht zu behalten, was diese Seite speichert: ein privates Fenster vergisst es, und eine volle Festplatte womöglich auch. Die Liste dessen, was Ihre Zeilen verbraucht haben, wäre verloren, während der Prompt draußen ist. Speichern Sie die Datei bei Ihren Daten; dann können Sie senden.',
    button: 'Budgetdatei speichern',
    safe: 'Nichts wurde gesendet.',
  },
  tune: { beyond: 'Dieser Plan ginge über das hinaus, was diese Zeilen verbrauchen dürfen.', action: 'Zu „Schutz“' },
}
