import { expect, test } from 'vitest'
import { afterLook, betterLook, exchanged } from '../../../workers/tune/choice.ts'
import { startState } from '../../../workers/tune/optimizer.ts'
import type { TuningState } from '../../../workers/tune/types.ts'

const EXACT = { units: 300, sigma: 0 }

function looked(accuracies: readonly number[], sizes = EXACT): TuningState {
  const confusion = [
    [1, 0],
    [0, 1],
  ]
  let state = startState(Float32Array.of(-1))
  for (const [step, accuracy] of accuracies.entries()) {
    const prompt = Float32Array.of(step)
    const report = { step, accuracy, confusion, covered: false }
    state = afterLook({ ...state, prompt, stepsDone: step }, { report, prompt }, sizes)
  }
  return state
}

function betterStep(state: TuningState): number | null {
  return betterLook(state)?.report.step ?? null
}

test('there is a better look only where chance does not explain the difference', () => {
  expect(betterStep(looked([0.4, 0.6, 0.7]))).toBeNull()
  // One standard error of 300 units at 0.7 is 0.037.
  expect(betterStep(looked([0.4, 0.73, 0.7]))).toBeNull()
  expect(betterStep(looked([0.4, 0.75, 0.7]))).toBe(1)
  expect(betterStep(looked([0.8, 0.75, 0.7]))).toBe(0)
  expect(betterStep(startState(Float32Array.of(1)))).toBeNull()
})

test('noise and few units ask for a larger difference', () => {
  expect(betterStep(looked([0.4, 0.75, 0.7], { units: 30, sigma: 0 }))).toBeNull()
  expect(betterStep(looked([0.4, 0.75, 0.7], { units: 300, sigma: 10 }))).toBeNull()
  expect(betterStep(looked([0.4, 0.95, 0.7], { units: 300, sigma: 10 }))).toBe(1)
})

test('of equals the later is the best', () => {
  expect(betterStep(looked([0.8, 0.8, 0.7]))).toBe(1)
})

test('prompts are exchanged and exchanged back, the last one as the run left it', () => {
  const ended = { ...looked([0.4, 0.8, 0.7]), prompt: Float32Array.of(9), stepsDone: 9 }
  const there = exchanged(ended)
  expect(there).toMatchObject({ look: { report: { step: 1 } }, state: { stepsDone: 9 } })
  expect(there?.state.prompt).toEqual(Float32Array.of(1))
  const back = there && exchanged(there.state)
  expect(back).toMatchObject({ look: { report: { step: 2 } } })
  expect(back?.state.prompt).toEqual(Float32Array.of(9))
  expect(exchanged(startState(Float32Array.of(1)))).toBeNull()
})
