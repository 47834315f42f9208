export const UI_COPY = {
  matrix: { corner: 'in the file ↓  model says →', found: 'found' },
  chart: { table: 'Show as a table', chart: 'Show as a chart' },
} as const
