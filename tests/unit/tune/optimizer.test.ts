import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import * as z from 'zod/mini'
import { startState, updateState } from '../../../workers/tune/optimizer.ts'

const numbers = z.object({ shape: z.array(z.int()), data: z.array(z.number()) })
const Settings = z.object({ lr: z.number(), params_after: z.looseObject({}) })
const Tolerance = z.object({ cpu: z.object({ rtol: z.number(), atol: z.number() }) })
const Vectors = z.object({
  start: z.union([z.array(z.number()), numbers]),
  gradients: z.union([z.array(z.array(z.number())), numbers]),
  adam: Settings,
  sgd: Settings,
  precision: z.record(z.string(), Tolerance),
})
const vectors = Vectors.parse(
  JSON.parse(readFileSync(new URL('../../golden/parity/optim/vectors.json', import.meta.url), 'utf8')),
)

function flat(value: unknown): number[] {
  const parsed = z.union([numbers, z.array(z.number()), z.array(z.array(z.number()))]).parse(value)
  return Array.isArray(parsed) ? parsed.flat() : parsed.data
}

test.each(['adam', 'sgd'] as const)('%s takes the steps that torch takes', (optimizer) => {
  const { lr, params_after: after } = vectors[optimizer]
  const tolerance = vectors.precision[`${optimizer}.params_after`]?.cpu
  if (!tolerance) throw new Error('the vectors name no tolerance')
  const size = flat(vectors.start).length
  const gradients = flat(vectors.gradients)
  const expected = flat(after)
  let state = startState(Float32Array.from(flat(vectors.start)))
  const steps = gradients.length / size
  expect(steps).toBeGreaterThan(3)
  for (let step = 0; step < steps; step++) {
    const gradient = Float32Array.from(gradients.slice(step * size, (step + 1) * size))
    const before = state
    state = updateState(before, { optimizer, learningRate: lr, gradient })
    expect(state).not.toBe(before)
    expect(state.stepsDone).toBe(step + 1)
    for (const [index, value] of state.prompt.entries()) {
      const wanted = expected[step * size + index] ?? Number.NaN
      expect(Math.abs(value - wanted)).toBeLessThanOrEqual(tolerance.atol + tolerance.rtol * Math.abs(wanted))
    }
  }
})

test('leaves the state before as it was', () => {
  const before = startState(Float32Array.of(1, 2))
  updateState(before, { optimizer: 'adam', learningRate: 0.1, gradient: Float32Array.of(1, -1) })
  expect(before).toEqual(startState(Float32Array.of(1, 2)))
})
