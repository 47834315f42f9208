/** A model small enough to be exact: a linear classifier whose prompt rows are the weights of its classes. */
import { unitSizesOf, type ClassifyBatch, type Engine, type TuneBatch } from '../../../workers/pool/types.ts'
import { UnitSum } from '../../../workers/privacy/unitSum.ts'
import type { ClassifyTask } from '../../../workers/protocol/task.ts'
import type { HeldOutReport, StepPoint } from '../../../workers/protocol/tuner.ts'
import type { TuningPlan } from '../../../workers/protocol/tuning.ts'
import type { Encoded } from '../../../workers/task/types.ts'
import { startState } from '../../../workers/tune/optimizer.ts'
import { makePlan, type PlanFacts } from '../../../workers/tune/plan.ts'
import type { TuningHooks, TuningJob, TuningRows, TuningState } from '../../../workers/tune/types.ts'
import { countUnits, unitsOf } from '../../../workers/tune/grouping.ts'
import { labelLoss } from '../../../workers/tune/labelLoss.ts'

export const TASK: ClassifyTask = {
  template: '{text} It was',
  labels: { good: ['good'], bad: ['bad'] },
  initText: 'Is it good or bad?',
}

/** Classes and prompt rows; features of a text. */
const CLASSES = 2
const WIDTH = 3

/** A text's features are its three token ids; class k scores `prompt[k] · features`. */
export class LinearEngine implements Engine {
  readonly report = { backend: 'cpu', reason: 'test', adapter: null, workers: 1 } as const
  /** Rows of each call, in order. */
  readonly tuned: TuneBatch[] = []
  classified = 0

  async load(): Promise<never> {
    throw new Error('the linear model is not loaded')
  }

  async embed(_slot: 'student' | 'teacher', ids: readonly number[]): Promise<Float32Array<ArrayBuffer>> {
    return Float32Array.from(ids.flatMap((id) => Array.from({ length: WIDTH }, (_, column) => id + column)))
  }

  async tune(batch: TuneBatch): Promise<{ readonly sum: Float64Array<ArrayBuffer> }> {
    this.tuned.push(batch)
    const { contribution, prompt } = batch
    const size = prompt.length
    const clipNorm = contribution.kind === 'clipped' ? contribution.clipNorm : 1
    const units = new UnitSum({ size, clipNorm }, unitSizesOf(batch))
    const plain = new Float64Array(size + 2)
    for (const [place, example] of batch.examples.entries()) {
      const label = batch.labels[place] ?? 0
      const scores = scoresOf(prompt, example)
      const result = labelLoss(scores, 0, { classes: CLASSES, label })
      const gradient = gradientOf(scores, example, label)
      units.add(place, { gradient, ...result })
      for (const [index, value] of [...gradient, result.loss, result.correct ? 1 : 0].entries()) {
        plain[index] = (plain[index] ?? 0) + value
      }
    }
    return { sum: contribution.kind === 'clipped' ? units.total : plain }
  }

  async classify({ examples, prompt }: ClassifyBatch): Promise<Float32Array<ArrayBuffer>> {
    this.classified++
    return Float32Array.from(examples.flatMap((example) => [...scoresOf(prompt ?? new Float32Array(6), example)]))
  }

  async logits(): Promise<never> {
    throw new Error('the linear model has no vocabulary')
  }

  async judge(): Promise<never> {
    throw new Error('the linear model has no vocabulary')
  }

  async write(): Promise<never> {
    throw new Error('the linear model writes no text')
  }

  async transfer(): Promise<never> {
    throw new Error('the linear model is no teacher')
  }

  async close(): Promise<void> {}
}

function scoresOf(prompt: Float32Array, { ids }: Encoded): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: CLASSES }, (_, k) =>
    ids.reduce((sum, feature, column) => sum + feature * (prompt[k * WIDTH + column] ?? 0), 0),
  )
}

function gradientOf(scores: Float32Array, { ids }: Encoded, label: number): Float32Array<ArrayBuffer> {
  const top = Math.max(...scores)
  const total = scores.reduce((sum, score) => sum + Math.exp(score - top), 0)
  return Float32Array.from({ length: CLASSES * WIDTH }, (_, index) => {
    const k = Math.floor(index / WIDTH)
    const probability = Math.exp((scores[k] ?? 0) - top) / total
    return (probability - (k === label ? 1 : 0)) * (ids[index % WIDTH] ?? 0)
  })
}

/** Rows that a line separates: the class is whether the first feature is above the second. */
export function linearRows(count: number, heldOut: (row: number) => boolean = (row) => row % 5 === 0): TuningRows {
  const encoded = Array.from({ length: count }, (_, row) => ({
    ids: Int32Array.from([(row * 7) % 5, (row * 3) % 4, 1]),
    read: [2],
    cut: false,
  }))
  return {
    encoded,
    labels: Int32Array.from(encoded, ({ ids }) => ((ids[0] ?? 0) > (ids[1] ?? 0) ? 0 : 1)),
    heldOut: Uint8Array.from(encoded, (_, row) => (heldOut(row) ? 1 : 0)),
  }
}

function factsOf(rows: TuningRows, maxRowsPerPerson: number | undefined): PlanFacts {
  return { task: TASK, ...countUnits(unitsOf(rows, maxRowsPerPerson)) }
}

export function planOf(rows: TuningRows, request: Partial<Parameters<typeof makePlan>[0]> = {}): TuningPlan {
  return makePlan({ budget: null, promptLength: CLASSES, ...request }, factsOf(rows, request.maxRowsPerPerson))
}

/** What a run did, in order, and what would be found on the disk after it was cut off. */
export class Recorder implements TuningHooks {
  readonly log: string[] = []
  readonly points: StepPoint[] = []
  readonly heldOut: HeldOutReport[] = []
  spent = 0
  state: TuningState
  /** Answers of `wish`, by how often it was asked; `go` beyond. */
  wishes: ('go' | 'pause' | 'stop')[] = []

  constructor(state: TuningState) {
    this.state = state
  }

  async reserve(spentSteps: number): Promise<void> {
    this.log.push(`reserve ${spentSteps}`)
    await Promise.resolve()
    this.spent = spentSteps
    this.log.push(`reserved ${spentSteps}`)
  }

  async checkpoint(state: TuningState): Promise<void> {
    this.log.push(`checkpoint ${state.stepsDone}`)
    this.state = state
  }

  onStep(point: StepPoint): void {
    this.log.push(`step ${point.step}`)
    this.points.push(point)
  }

  onHeldOut(report: HeldOutReport): void {
    this.log.push(`held-out ${report.step}`)
    this.heldOut.push(report)
  }

  wish(): 'go' | 'pause' | 'stop' {
    return this.wishes.shift() ?? 'go'
  }
}

export function zeroState(): TuningState {
  return startState(new Float32Array(CLASSES * WIDTH))
}

export function jobOf(
  plan: TuningPlan,
  rows: TuningRows,
  { engine, hooks }: { readonly engine: Engine; readonly hooks: Recorder },
): TuningJob {
  return { engine, plan, rows, hooks, labelTokens: [[0], [1]], state: hooks.state, spentSteps: hooks.spent }
}
