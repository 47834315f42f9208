/** A task whose answers are texts, through the worker of the page. */
import { transfer } from 'comlink'
import { expect, test } from 'vitest'
import { isText } from '../../workers/protocol/answer.ts'
import type { ExtractTask } from '../../workers/protocol/task.ts'
import { answerOf, BUDGET, csvFile, failureOf, tabsOfEachTest, TINY } from './support.ts'

const newTab = tabsOfEachTest()

const TASK: ExtractTask = {
  kind: 'extract',
  template: '{text} The colour is',
  end: '.',
  maxAnswerTokens: 4,
  initText: 'Say which colour.',
}
const ROWS = Array.from({ length: 40 }, (_, row) => `house ${row} is ${row % 2 ? 'red' : 'blue'}`)
const FILE = csvFile([
  'text,answer',
  ...ROWS.map((text, row) => `${text},${row % 2 ? 'red' : 'blue'}`),
  'long,a b c d e',
])

test('is checked, tuned, stored and gone on with, and answers with its own words', async () => {
  const tab = await newTab().open()
  const data = answerOf(await tab.api.openData(FILE, {}))
  expect(data.labelColumn).toBe('answer')
  const report = answerOf(await tab.api.setTask(TASK))
  expect(report).toMatchObject({ words: [], rowsUsed: 40, faults: [{ fault: 'too-long', rows: 1 }] })
  failureOf('task-invalid', await tab.api.setTask({ ...TASK, end: ' the very end' }))

  const runId = await tab.start({ ...TINY, budget: BUDGET, steps: 6, checkpointEvery: 1 })
  await tab.until((event) => event.type === 'checkpoint' && event.runId === runId)
  answerOf(await tab.api.pause(runId))
  await tab.untilStatus(runId, 'paused')

  // What is stored of its rows is enough to go on in a tab that knows no file.
  const next = await newTab().open()
  answerOf(await next.api.resume(runId))
  await next.untilStatus(runId, 'finished')
  const { heldOut } = await next.run(runId)
  expect([heldOut?.confusion.length, heldOut?.confusion[0]?.length]).toEqual([1, 2])

  const typed = answerOf(await next.api.predict(runId, 'a text that stands in no file'))
  if (!isText(typed)) throw new Error('expected a text')
  expect(
    typed.tokens
      .map(({ text }) => text)
      .join('')
      .trim(),
  ).toBe(typed.answer)
  const { port2 } = new MessageChannel()
  const file = csvFile(['id,text', '1,one text', '2,', '3,another'])
  const answered = answerOf(await next.api.labelFile(runId, file, {}, transfer(port2, [port2])))
  expect(answered.rows).toBe(2)
  const [header, , empty] = new TextDecoder().decode(answered.csv).split('\r\n')
  expect([header, empty]).toEqual(['id,text,answer,probability', '2,,,'])

  failureOf('sealed', await next.api.predict(runId, ROWS[0] ?? ''))
  const { certificate } = answerOf(await next.api.release(runId))
  expect(certificate.declaredPublic.task).toEqual(TASK)
})

test('shows exact figures and its worst answers to whoever lifts the seal', async () => {
  const tab = await newTab().open()
  answerOf(await tab.api.openData(FILE, {}))
  answerOf(await tab.api.setTask(TASK))
  const runId = await tab.start({ ...TINY, budget: BUDGET, steps: 2 })
  await tab.untilStatus(runId, 'finished')
  failureOf('sealed', await tab.api.exactFigures(runId))
  answerOf(await tab.api.liftSeal(runId))
  const { trained, mostWrong } = answerOf(await tab.api.exactFigures(runId))
  expect(trained?.confusion).toEqual([[expect.any(Number), expect.any(Number)]])
  expect(mostWrong.length).toBeGreaterThan(0)
  for (const { text, label, predicted } of mostWrong) {
    expect(ROWS).toContain(text)
    expect(['red', 'blue']).toContain(label)
    expect(predicted).not.toBe(label)
  }
  const { port2 } = new MessageChannel()
  failureOf('task-invalid', await tab.api.attack(runId, transfer(port2, [port2])))
})
