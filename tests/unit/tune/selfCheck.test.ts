import { describe, expect, test } from 'vitest'
import { cryptoRandom, type RandomSource } from '../../../workers/privacy/random.ts'
import type { TuningPlan } from '../../../workers/protocol/tuning.ts'
import { runTuning } from '../../../workers/tune/session.ts'
import { isDue, isReleaseSound, selfCheck } from '../../../workers/tune/selfCheck.ts'
import { bytesFrom, seededRandom } from '../privacy/support.ts'
import { jobOf, LinearEngine, linearRows, planOf, Recorder, zeroState } from './support.ts'

const rows = linearRows(400)
const plan = planOf(rows, { budget: { epsilon: 4, delta: 1e-5 }, steps: 8, batchSize: 40 })
const { sigma = 0, clipNorm = 0 } = plan.privacy ?? {}
const deviation = (sigma * clipNorm * Math.sqrt(1.03)) / plan.batchSize

class Watching extends Recorder {
  readonly checks: unknown[] = []

  onSelfCheck(report: unknown): void {
    this.log.push('self-check')
    this.checks.push(report)
  }
}

function noiseOf(scale: number, count = 5_000): Float32Array {
  // Twelve uniform bytes make a normal value, near enough for its variance.
  const bytes = bytesFrom(seededRandom(1), new Uint8Array(12 * count))
  return Float32Array.from({ length: count }, (_, i) => {
    const sum = bytes.subarray(12 * i, 12 * (i + 1)).reduce((total, byte) => total + byte, 0)
    return (scale * deviation * (sum - 1_530)) / Math.sqrt(256 ** 2 - 1)
  })
}

function isSound(gradient: Float32Array): boolean {
  return isReleaseSound(gradient, deviation, plan, { clipNorm })
}

async function checkOf(change: Partial<Parameters<typeof selfCheck>[0]>, changed: TuningPlan = plan) {
  return await selfCheck(
    {
      engine: new LinearEngine(),
      plan: changed,
      labelTokens: [[0], [1]],
      before: new Float32Array(6),
      prompt: Float32Array.of(0, 0, 0, 1e-20, 0, 0),
      gradient: noiseOf(1),
      random: cryptoRandom,
      ...change,
    },
    3,
  )
}

describe('a self-check', () => {
  test('passes on a sound run, once, after the third step', async () => {
    const hooks = new Watching(zeroState())
    await runTuning(jobOf(plan, rows, { engine: new LinearEngine(), hooks }))
    expect(hooks.checks).toEqual([{ step: 3, moved: true, noise: true, finite: true }])
    expect(hooks.log.indexOf('self-check')).toBe(hooks.log.indexOf('step 3') + 1)
  })

  test('of a run without DP is not about noise', async () => {
    const hooks = new Watching(zeroState())
    const plain = planOf(rows, { steps: 2 })
    await runTuning(jobOf(plain, rows, { engine: new LinearEngine(), hooks }), seededRandom(1))
    expect(hooks.checks).toEqual([{ step: 2, moved: true, noise: null, finite: true }])
  })

  test('is due after three steps, or after the last of fewer', () => {
    const due = [1, 2, 3, 9].map((steps) => [1, 2, 3, 4].filter((done) => isDue({ ...plan, steps }, done)))
    expect(due).toEqual([[1], [2], [3], [3]])
  })

  test('sees a prompt that has not moved', async () => {
    expect(await checkOf({ prompt: new Float32Array(6) })).toEqual({ step: 3, moved: false, noise: true, finite: true })
  })

  test('sees a generator that is stuck', async () => {
    const stuck: RandomSource = { fill: (bytes) => void bytes.fill(0x55) }
    expect((await checkOf({ random: stuck })).noise).toBe(false)
  })

  test('sees gradients that are not finite', async () => {
    class Broken extends LinearEngine {
      override async tune(batch: Parameters<LinearEngine['tune']>[0]): ReturnType<LinearEngine['tune']> {
        return await super.tune({ ...batch, prompt: new Float32Array(6).fill(Number.NaN) })
      }
    }
    expect(await checkOf({ engine: new Broken() })).toMatchObject({ moved: true, noise: true, finite: false })
  })
})

describe('the noise of a release', () => {
  test('is as long as planned, or longer by what a batch can add', () => {
    expect(isSound(noiseOf(1))).toBe(true)
    const gradient = noiseOf(1)
    gradient[7] = clipNorm
    expect(isSound(gradient)).toBe(true)
  })

  test.each([0, 0.5, 0.9])('is not %f of it', (scale) => expect(isSound(noiseOf(scale))).toBe(false))

  test('is not so long that no batch explains it', () => expect(isSound(noiseOf(20))).toBe(false))
})
