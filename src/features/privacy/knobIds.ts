/** The advanced settings, and what is typed in each. An empty field leaves the choice to the planner. */

export const KNOB_IDS = [
  'delta',
  'promptLength',
  'batchSize',
  'steps',
  'learningRate',
  'clipNorm',
  'maxRowsPerPerson',
] as const
export type KnobId = (typeof KNOB_IDS)[number]
export type Knobs = Readonly<Record<KnobId, string>>

export const NO_KNOBS: Knobs = {
  delta: '',
  promptLength: '',
  batchSize: '',
  steps: '',
  learningRate: '',
  clipNorm: '',
  maxRowsPerPerson: '',
}
