import { transfer } from 'comlink'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LabelProgress } from '../../workers/protocol/tuner.ts'
import { answerOf, classOf, closeSharedEngine, csvFile, failureOf, Tab } from './support.ts'

let tab: Tab
let runId: string
beforeAll(async () => {
  tab = await (await new Tab().open()).openSample()
  runId = await tab.start()
  await tab.untilStatus(runId, 'finished')
})
afterAll(async () => {
  tab.close()
  await closeSharedEngine()
})

/** Labels the file here; `onProgress` may answer on the port, which stops the work. */
async function label(file: File, onProgress: (progress: LabelProgress, port: MessagePort) => void = () => undefined) {
  const { port1, port2 } = new MessageChannel()
  port1.onmessage = ({ data }: MessageEvent<LabelProgress>) => onProgress(data, port1)
  const answer = await tab.api.labelFile(runId, file, {}, transfer(port2, [port2]))
  port1.close()
  return answer
}

test('each row gets the label that the same text gets when it is typed', async () => {
  const texts = ['my card was stolen', 'how do I top up?', 'where is my money']
  const labelled = answerOf(await label(csvFile(['id,text', `1,${texts[0]}`, '2,', `3,${texts[1]}`, `4,${texts[2]}`])))
  expect(labelled.rows).toBe(3)
  const [header, ...rows] = new TextDecoder().decode(labelled.csv).trimEnd().split('\r\n')
  expect(header).toBe('id,text,label,probability')
  expect(rows[1]).toBe('2,,,')
  for (const [place, text] of texts.entries()) {
    const typed = classOf(answerOf(await tab.api.predict(runId, text)))
    const share = typed.probabilities.find((each) => each.label === typed.label)?.probability ?? 0
    const row = rows.filter((each) => each !== '2,,,')[place]?.split(',')
    expect(row?.slice(1, 3)).toEqual([text, typed.label])
    expect(Number(row?.[3])).toBeCloseTo(share, 3)
  }
})

test('tells how far it is, and stops when it is told to', async () => {
  const many = csvFile(['text', ...Array.from({ length: 400 }, (_, row) => `question ${row}`)])
  const seen: LabelProgress[] = []
  const stopped = await label(many, (progress, port) => {
    seen.push(progress)
    if (progress.rowsDone > 0) port.postMessage('stop')
  })
  failureOf('cancelled', stopped)
  expect(seen).toEqual([
    { rowsDone: 0, rows: 400 },
    { rowsDone: 128, rows: 400 },
  ])
})

test('texts that go to the provider come back into the same file', async () => {
  const file = csvFile(['id,text', '1,one', '2,', '3,two'])
  expect(answerOf(await tab.api.readTexts(file, {}))).toEqual(['one', '', 'two'])
  const answer = { label: 'card', probabilities: [{ label: 'card', probability: 0.5 }] }
  const joined = answerOf(await tab.api.joinLabels(file, {}, [answer, null, answer]))
  const lines = new TextDecoder().decode(joined.csv).trimEnd().split('\r\n')
  expect(lines).toEqual(['id,text,label,probability', '1,one,card,0.5000', '2,,,', '3,two,card,0.5000'])
  expect(joined.rows).toBe(2)
})

test('a file that cannot be read, or a run that is gone, is an error with a code', async () => {
  failureOf('file-empty', await label(new File([''], 'empty.csv')))
  failureOf('column-missing', await tab.api.readTexts(csvFile(['a', 'b']), { text: 'text' }))
  const { port1, port2 } = new MessageChannel()
  failureOf('not-found', await tab.api.labelFile('gone', csvFile(['text', 'a']), {}, transfer(port2, [port2])))
  port1.close()
})

test('the bare student answers about the task of the run', async () => {
  const tuned = classOf(answerOf(await tab.api.predict(runId, 'my card was stolen')))
  const bare = classOf(answerOf(await tab.api.predict(runId, 'my card was stolen', true)))
  const open = answerOf(await tab.api.predict(null, 'my card was stolen'))
  expect(bare).toEqual(open)
  expect(bare.probabilities).not.toEqual(tuned.probabilities)
})
