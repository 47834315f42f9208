import { inLanguage } from './language.ts'
import { UI_DE } from '../german/others.ts'
const EN_UI = {
  matrix: { corner: 'in the file ↓  model says →', found: 'found' },
  chart: { table: 'Show as a table', chart: 'Show as a chart' },
} as const

export const UI_COPY = inLanguage(EN_UI, UI_DE)
