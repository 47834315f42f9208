import { describe, expect, test } from 'vitest'
import { auditWithTexts, madeUpTexts } from '../../../workers/evaluate/textCanaries.ts'
import type { ClassifyBatch, TuneBatch } from '../../../workers/pool/types.ts'
import { addContribution, contributionLength } from '../../../workers/privacy/contribution.ts'
import { SoftpostError } from '../../../workers/protocol/errors.ts'
import type { TuningRequest } from '../../../workers/protocol/tuning.ts'
import { labelLoss } from '../../../workers/tune/labelLoss.ts'
import { makePlan } from '../../../workers/tune/plan.ts'
import { rejectionOf } from '../model/support.ts'
import { LinearEngine, TASK } from '../tune/support.ts'

const ROWS = 40
const CANARIES = 60
const DELTA = 1e-5

/** A model that is all memory: every row has two scores of its own in the prompt, and learns nothing from others. */
class TableEngine extends LinearEngine {
  override async tune({ examples, labels, prompt, contribution }: TuneBatch) {
    const size = prompt.length
    const clipNorm = contribution.kind === 'clipped' ? contribution.clipNorm : null
    const sum = new Float64Array(clipNorm === null ? size + 2 : contributionLength({ size, clipNorm }))
    for (const [place, { ids }] of examples.entries()) {
      const [row = 0] = ids
      const label = labels[place] ?? 0
      const scores = prompt.slice(2 * row, 2 * row + 2)
      const { loss, correct } = labelLoss(scores, 0, { classes: 2, label })
      const gradient = new Float32Array(size)
      const wrong = 1 - Math.exp(-loss)
      gradient[2 * row + label] = -wrong
      gradient[2 * row + 1 - label] = wrong
      if (clipNorm === null) {
        for (const [index, value] of [...gradient, loss, correct ? 1 : 0].entries())
          sum[index] = (sum[index] ?? 0) + value
      } else addContribution({ size, clipNorm }, { gradient, loss, correct: correct ? 1 : 0 }, sum)
    }
    return await Promise.resolve({ sum })
  }

  override async classify({ examples, prompt }: ClassifyBatch): Promise<Float32Array<ArrayBuffer>> {
    const table = prompt ?? new Float32Array(2 * (ROWS + CANARIES))
    const scores = examples.flatMap(({ ids: [row = 0] }) => [table[2 * row] ?? 0, table[2 * row + 1] ?? 0])
    return await Promise.resolve(Float32Array.from(scores))
  }
}

function rowOf(row: number) {
  return { encoded: { ids: Int32Array.of(row), read: [0], cut: false }, label: row % 2 }
}

function jobOf(request: Partial<TuningRequest>) {
  const places = Array.from({ length: ROWS + CANARIES }, (_, row) => rowOf(row))
  const plan = makePlan(
    { budget: null, promptLength: 2, steps: 40, batchSize: 20, learningRate: 0.5, ...request },
    { task: TASK, trainRows: places.length, heldOutRows: 0 },
  )
  return {
    engine: new TableEngine(),
    plan,
    labelTokens: [[0], [1]],
    rows: places.slice(0, ROWS),
    canaries: places.slice(ROWS),
    prompt: new Float32Array(2 * places.length),
    delta: DELTA,
  }
}

const quiet = () => Promise.resolve()
const fullDisk = () => Promise.reject(new SoftpostError('storage', 'the ledger cannot be written'))

describe('made-up texts in a run', () => {
  test('that a prompt remembers prove a lower bound', async () => {
    const spent: number[] = []
    const report = await auditWithTexts(jobOf({}), async (steps) => void spent.push(steps))
    expect(report).toMatchObject({ canaries: 60, guesses: 30, correct: 30, rows: 40, steps: 40, epsilon: null })
    // 30 of 30: 0.05^(1/30) = e^ε / (1 + e^ε), less a little for δ.
    expect(report.epsilonLower).toBeGreaterThan(2.1)
    expect(report.epsilonLower).toBeLessThan(2.3)
    expect(spent.at(-1)).toBe(40)
    expect(spent).toEqual([...spent].sort((a, b) => a - b))
  })

  test('prove next to nothing behind enough noise', async () => {
    const report = await auditWithTexts(jobOf({ budget: { epsilon: 0.5, delta: DELTA } }), quiet)
    expect(report.epsilon).toBeLessThanOrEqual(0.5)
    // 28 of 30 guesses would have to be right; at ε = 0.5 that happens once in 10^6 audits.
    expect(report.epsilonLower).toBeLessThan(1.4)
  })

  test('must be enough, and the run can be cut off', async () => {
    const job = jobOf({})
    await rejectionOf('usage', auditWithTexts({ ...job, canaries: job.canaries.slice(0, 10) }, quiet))
    await rejectionOf('storage', auditWithTexts(job, fullDisk))
  })
})

test('texts are made of words that are none, with labels by chance', () => {
  const texts = madeUpTexts(2_000, 4)
  expect(new Set(texts.map(({ text }) => text)).size).toBe(2_000)
  for (const { text } of texts) expect(text).toMatch(/^([bdfgklmnprstvz][aeiou]){3}( ([bdfgklmnprstvz][aeiou]){3}){5}$/)
  const counts = [0, 1, 2, 3].map((label) => texts.filter((each) => each.label === label).length)
  // Six deviations of 19.
  for (const count of counts) expect(Math.abs(count - 500)).toBeLessThan(117)
})
