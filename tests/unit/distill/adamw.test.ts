/** AdamW against torch's, on gradients of very different sizes. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import * as z from 'zod/mini'
import { AdamW, clipFactor, norm } from '../../../workers/distill/adamw.ts'

const Values = z.object({ data: z.array(z.number()) })
const Case = z.object({
  lr: z.number(),
  betas: z.tuple([z.number(), z.number()]),
  eps: z.number(),
  weight_decay: z.number(),
  clip_grad_norm: z.nullable(z.number()),
  params_after: Values,
})
const vectors = z
  .object({
    start: z.array(z.number()),
    gradients: z.array(z.array(z.number())),
    adamw_kd: Case,
    adamw_decay: Case,
    adamw_kd_clip: Case,
  })
  .parse(JSON.parse(readFileSync(new URL('../../golden/parity/optim/vectors.json', import.meta.url), 'utf8')))

test.each(['adamw_kd', 'adamw_decay', 'adamw_kd_clip'] as const)('%s', (name) => {
  const { lr, betas, eps, weight_decay: weightDecay, clip_grad_norm: limit, params_after: after } = vectors[name]
  const values = Float32Array.from(vectors.start)
  const adamw = new AdamW(values.length, { beta1: betas[0], beta2: betas[1], epsilon: eps, weightDecay })
  const steps: number[] = []
  for (const numbers of vectors.gradients) {
    const gradient = Float32Array.from(numbers)
    const scale = limit === null ? 1 : clipFactor(norm(gradient), limit)
    adamw.step(values, gradient, { learningRate: lr, scale })
    steps.push(...values)
  }
  expect(steps).toHaveLength(after.data.length)
  steps.forEach((value, at) => {
    const expected = after.data[at] ?? Number.NaN
    expect(Math.abs(value - expected)).toBeLessThanOrEqual(5e-7 + 1e-6 * Math.abs(expected))
  })
})
