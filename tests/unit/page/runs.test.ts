import { describe, expect, it } from 'vitest'
import { applyEvent, hasPrompt, latestWithPrompt, type RunsState } from '../../../src/engine/runs.ts'
import { placeOf } from '../../../src/features/tune/curves.ts'
import type { RunSummary, StepPoint, TunerEvent } from '../../../workers/protocol/tuner.ts'

const RUN: RunSummary = {
  runId: 'a',
  status: 'running',
  dataName: 'rows.csv',
  createdAt: 1,
  plan: {
    task: { template: '{text}', labels: { x: ['x'], y: ['y'] }, initText: 'x or y' },
    promptLength: 4,
    batchSize: 8,
    steps: 12,
    learningRate: 0.02,
    optimizer: 'adam',
    checkpointEvery: 2,
    trainRows: 80,
    sampleRate: 0.1,
    privacy: null,
  },
  weights: 'f32',
  stepsDone: 0,
  stepsSpent: 0,
  epsilonSpent: null,
  points: [],
  heldOut: null,
  other: null,
  ledger: { saved: true, released: false },
  selfCheck: null,
  seal: null,
}

const STATE: RunsState = {
  list: 'read',
  listError: null,
  runs: [RUN, { ...RUN, runId: 'b', status: 'finished', stepsDone: 12 }],
  pace: {},
  failures: {},
}

const point = (step: number): StepPoint => ({ step, loss: step, accuracy: 0.5, covered: true, epsilon: step / 10 })
const stepEvent = (step: number, stepsDone = step): TunerEvent => ({
  type: 'step',
  runId: 'a',
  seq: step,
  point: point(step),
  stepsDone,
  examplesPerSecond: 50,
  secondsLeft: 9,
})

/** The run after these events. */
function play(events: readonly TunerEvent[]): RunsState {
  let state = STATE
  for (const event of events) state = Object.assign({}, state, applyEvent(state, event))
  return state
}

describe('applyEvent', () => {
  it('moves on the run that the event names, and no other', () => {
    const { runs, pace } = play([stepEvent(1), stepEvent(2)])
    expect(runs[0]).toMatchObject({ stepsDone: 2, epsilonSpent: 0.2 })
    expect(runs[0]?.points.map(({ step }) => step)).toEqual([1, 2])
    expect(runs[1]).toBe(STATE.runs[1])
    expect(pace['a']).toEqual({ examplesPerSecond: 50, secondsLeft: 9 })
  })

  it('takes a step that is made again in place of the first', () => {
    const { runs } = play([stepEvent(1), stepEvent(2), stepEvent(3), { ...stepEvent(2), seq: 4 }])
    expect(runs[0]?.points.map(({ step }) => step)).toEqual([1, 2])
  })

  it('keeps the reason of a failure', () => {
    const error = { code: 'non-finite', message: 'the loss is not a number' } as const
    const state = play([{ type: 'failed', runId: 'a', seq: 1, error }])
    expect(state.runs[0]?.status).toBe('failed')
    expect(state.failures['a']).toEqual(error)
  })

  it('changes nothing for a run that is not listed', () => {
    const state = play([{ type: 'status', runId: 'elsewhere', seq: 1, status: 'finished' }])
    expect(state.runs).toEqual(STATE.runs)
  })
})

describe('a run’s prompt', () => {
  it('is there once the run is over and has made a step', () => {
    expect(latestWithPrompt(STATE.runs)?.runId).toBe('b')
    expect(hasPrompt({ ...RUN, status: 'stopped', stepsDone: 0 })).toBe(false)
    expect(hasPrompt({ ...RUN, status: 'paused', stepsDone: 3 })).toBe(false)
  })
})

describe('placeOf', () => {
  it('counts steps that a pause cut off', () => {
    const [run] = play([stepEvent(1), stepEvent(4, 2)]).runs
    expect(run === undefined ? 0 : placeOf(run)).toBe(4)
  })
})
