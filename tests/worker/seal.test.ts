import { transfer } from 'comlink'
import { describe, expect, test } from 'vitest'
import { SAW_PRIVATE } from '../../workers/protocol/certificate.ts'
import { answerOf, BUDGET, csvFile, failureOf, sampleFile, Tab, tabsOfEachTest, TINY } from './support.ts'

const newTab = tabsOfEachTest()

const PRIVATE = { ...TINY, budget: { ...BUDGET, epsilon: 3 }, steps: 2 }
const OWN = 'a text that stands in no file'

async function tunedTab(request: Parameters<Tab['start']>[0] = PRIVATE): Promise<{ tab: Tab; runId: string }> {
  const tab = await (await newTab().open()).openSample(60)
  const runId = await tab.start(request)
  await tab.untilStatus(runId, 'finished')
  return { tab, runId }
}

async function firstRow(): Promise<string> {
  const { report } = { report: answerOf(await (await newTab().open()).api.openData(await sampleFile(60), {})) }
  return report.preview[0]?.text ?? ''
}

async function selectionOf(tab: Tab, runId: string): Promise<string> {
  return answerOf(await tab.api.release(runId)).certificate.selection
}

/** The file's rows are labelled by the run's prompt. */
async function label(tab: Tab, runId: string | null, texts: readonly string[]) {
  const { port2 } = new MessageChannel()
  return await tab.api.labelFile(
    runId,
    csvFile(['text', ...texts.map((text) => `"${text}"`)]),
    {},
    transfer(port2, [port2]),
  )
}

describe('while it is closed', () => {
  test('exact figures and answers about rows of the file are not shown; other texts are answered', async () => {
    const row = await firstRow()
    const { tab, runId } = await tunedTab()
    expect((await tab.run(runId)).seal).toBe('closed')
    failureOf('sealed', await tab.api.exactFigures(runId))
    for (const withoutPrompt of [false, true]) {
      const failure = failureOf('sealed', await tab.api.predict(runId, `  ${row.toUpperCase()} `, withoutPrompt))
      expect(failure.data).toEqual({ texts: 1 })
      expect(failure.message).not.toContain(row)
    }
    failureOf('sealed', await tab.api.predict(null, row))
    failureOf('sealed', await label(tab, runId, [OWN, row]))
    answerOf(await tab.api.predict(runId, OWN))
    answerOf(await label(tab, runId, [OWN]))
    expect(await selectionOf(tab, runId)).toBe('covered')

    // The run knows its rows in a tab that has not opened the file.
    const next = await newTab().open()
    failureOf('sealed', await next.api.predict(runId, row))
    answerOf(await next.api.predict(runId, OWN))
  })
})

describe('lifting it', () => {
  test('shows exact figures, and marks each prompt from these rows, before and after', async () => {
    const row = await firstRow()
    const { tab, runId } = await tunedTab()
    const other = await tab.start(PRIVATE)
    await tab.untilStatus(other, 'finished')
    answerOf(await tab.api.liftSeal(runId))
    answerOf(await tab.api.predict(runId, row))
    const { trained, heldOut, mostWrong } = answerOf(await tab.api.exactFigures(runId))
    expect((trained?.rows ?? 0) + (heldOut?.rows ?? 0)).toBe(60)
    for (const side of [trained, heldOut]) {
      if (side === null) continue
      expect(side.confusion.flat().reduce((sum, count) => sum + count, 0)).toBe(side.rows)
      const right = side.confusion.reduce((sum, counts, index) => sum + (counts[index] ?? 0), 0)
      expect(side.accuracy).toBeCloseTo(right / side.rows, 9)
    }
    expect(mostWrong.every(({ label, predicted }) => label !== predicted)).toBe(true)

    const later = await tab.start(PRIVATE)
    await tab.untilStatus(later, 'finished')
    for (const run of [runId, other, later]) {
      expect((await tab.run(run)).seal).toBe('lifted')
      expect(await selectionOf(tab, run)).toBe(SAW_PRIVATE)
    }
    expect(answerOf(await tab.api.fileBudget()).seen).toBe(true)

    // It lasts, and does not spread to rows of another file.
    const next = await newTab().open()
    expect((await next.run(runId)).seal).toBe('lifted')
    answerOf(await next.api.predict(runId, row))
    answerOf(await next.api.openData(csvFile(['text,label', 'all new,a', 'and another,b']), {}))
    expect(answerOf(await next.api.fileBudget()).seen).toBe(false)
  })
})

describe('a run without DP', () => {
  test('has no seal, and marks the prompts that are made with DP from its rows', async () => {
    const row = await firstRow()
    const { tab, runId } = await tunedTab({ ...TINY, steps: 2 })
    expect((await tab.run(runId)).seal).toBeNull()
    answerOf(await tab.api.predict(runId, row))
    answerOf(await tab.api.exactFigures(runId))
    expect(await selectionOf(tab, runId)).toBe('no differential privacy')
    const later = await tab.start(PRIVATE)
    await tab.untilStatus(later, 'finished')
    expect(await selectionOf(tab, later)).toBe(SAW_PRIVATE)
  })
})
