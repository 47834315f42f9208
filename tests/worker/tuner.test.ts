import { describe, expect, test } from 'vitest'
import { checkCertificate } from '../../workers/privacy/certificate.ts'
import { sha256Hex } from '../../workers/model/manifest.ts'
import { readPeft } from '../../workers/prompt/peft.ts'
import { classNames } from '../../workers/protocol/task.ts'
import {
  answerOf,
  BUDGET,
  classOf,
  csvFile,
  engineTuning,
  failureOf,
  sampleTask,
  tabsOfEachTest,
  TINY,
} from './support.ts'

const newTab = tabsOfEachTest()

/** An engine whose gradients point the wrong way: whatever rows are drawn, a long step leads to a worse prompt. */
const openUphill = async () =>
  await engineTuning(async (tune, batch) => {
    const { sum } = await tune(batch)
    return { sum: sum.map((value, place) => (place < batch.prompt.length ? -value : value)) }
  })

describe('from a file to a prompt', () => {
  test('says what the page may know, and no more', async () => {
    const tab = await newTab().open()
    const file = csvFile(['text,label', 'my card is lost,security', 'send money home,transfer', 'and what,other'])
    const report = answerOf(await tab.api.openData(file, {}))
    expect(report).toMatchObject({ name: 'rows.csv', rows: 3, textColumn: 'text', labelColumn: 'label' })
    const task = await sampleTask()
    expect(answerOf(await tab.api.setTask(task))).toMatchObject({ rowsUsed: 2, rowsWithoutClass: 1, rowsCut: 0 })
    const { card = [], ...labels } = task.labels
    const words = answerOf(await tab.api.setTask({ ...task, labels: { ...labels, card: ['unquestionably'] } })).words
    expect(words.find(({ label }) => label === 'card')).toMatchObject({ word: 'unquestionably', token: null })
    expect(words.find(({ label }) => label === 'card')?.pieces.length).toBeGreaterThan(1)
    expect(card).toEqual(['card'])
    failureOf('label-word', await tab.api.plan(TINY))
  })

  test('a task is for the file that is open, and for the words it has now', async () => {
    const tab = await (await newTab().open()).openSample()
    const task = await sampleTask()
    const { plan } = answerOf(await tab.api.plan(TINY))
    const reworded = { ...task, labels: { ...task.labels, card: ['number'] } }
    const words = answerOf(await tab.api.setTask(reworded)).words
    expect(words.filter(({ label }) => label === 'card').map(({ word }) => word)).toEqual(['number'])
    expect(answerOf(await tab.api.plan(TINY)).plan).toMatchObject({ task: reworded, trainRows: plan.trainRows })
    failureOf('conflict', await tab.api.start(plan))

    const rows = Array.from({ length: 12 }, (_, row) => `question ${row},${row % 2 === 0 ? 'security' : 'transfer'}`)
    const fewer = csvFile(['text,label', ...rows])
    const [, opened] = await Promise.all([tab.api.setTask(task), tab.api.openData(fewer, {})])
    expect(answerOf(opened).rows).toBe(12)
    failureOf('privacy-argument', await tab.api.plan({ ...TINY, batchSize: 13 }))
  })

  test('without DP: plan, tune, try, release', async () => {
    const tab = await (await newTab().open()).openSample()
    expect(answerOf(await tab.api.plan(TINY)).seconds).toBeNull()
    const { plan, seconds } = answerOf(await tab.api.measure(TINY))
    expect(plan).toMatchObject({ promptLength: 4, batchSize: 8, steps: 4, privacy: null })
    expect(seconds?.perStep).toBeGreaterThan(0)
    expect(seconds?.total).toBeGreaterThan(4 * (seconds?.perStep ?? Infinity))
    // Known from now on, also to a plan that is made while a run is at work.
    expect(answerOf(await tab.api.plan(TINY)).seconds).toEqual(seconds)
    const { runId } = answerOf(await tab.api.start(plan))
    await tab.untilStatus(runId, 'finished')
    const run = await tab.run(runId)
    expect(run).toMatchObject({
      status: 'finished',
      stepsDone: 4,
      stepsSpent: 4,
      epsilonSpent: null,
      dataName: 'bank.csv',
    })
    expect(run.heldOut).toMatchObject({ step: 4, covered: false })

    const task = await sampleTask()
    const bare = classOf(answerOf(await tab.api.predict(null, 'my card was stolen')))
    const tuned = classOf(answerOf(await tab.api.predict(runId, 'my card was stolen')))
    for (const { label, probabilities } of [bare, tuned]) {
      expect(probabilities.map((entry) => entry.label)).toEqual(classNames(task))
      expect(probabilities.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 5)
      const top = Math.max(...probabilities.map(({ probability }) => probability))
      expect(probabilities.find(({ probability }) => probability === top)?.label).toBe(label)
    }
    expect(tuned.probabilities).not.toEqual(bare.probabilities)

    const release = answerOf(await tab.api.release(runId))
    const prompt = readPeft(release.adapterConfig, release.adapterModel)
    expect([prompt.length, prompt.width]).toEqual(release.shape)
    expect(prompt.values).toEqual(release.values)
    expect(release.certificate).toMatchObject({ privacy: null, selection: 'no differential privacy' })
    expect(release.certificate.promptSha256).toBe(await sha256Hex(release.adapterModel))
    expect(answerOf(await tab.api.release(runId))).toEqual(release)
  })

  test('with DP: curves are covered, and the certificate holds', async () => {
    const tab = await (await newTab().open()).openSample()
    const runId = await tab.start({ ...TINY, budget: BUDGET })
    await tab.untilStatus(runId, 'finished')
    const run = await tab.run(runId)
    expect(run.points.map(({ step }) => step)).toEqual([1, 2, 3, 4])
    expect(run.points.every(({ covered }) => covered)).toBe(true)
    expect(run.heldOut?.covered).toBe(true)
    expect(run.epsilonSpent).toBe(run.plan.privacy?.epsilonPlanned)
    const { certificate } = answerOf(await tab.api.release(runId))
    expect(certificate.selection).toBe('covered')
    expect(checkCertificate(certificate).epsilon).toBeLessThanOrEqual(8)
  })

  test('an earlier prompt that was clearly better can be taken, and the last one taken back', async () => {
    const tab = await newTab({ openEngine: openUphill }).open()
    const topics = ['sports', 'music', 'food', 'money', 'health', 'politics', 'travel', 'science']
    const rows = Array.from({ length: 1_200 }, (_, row) => {
      const topic = topics[row % topics.length] ?? ''
      return `${row}${` ${topic}`.repeat(6)},${topic}`
    })
    answerOf(await tab.api.openData(csvFile(['text,label', ...rows]), {}))
    const labels = Object.fromEntries(topics.map((topic) => [topic, [topic]]))
    answerOf(await tab.api.setTask({ template: '{text}', labels, initText: 'What comes next?' }))
    const runId = await tab.start({ ...TINY, steps: 1, learningRate: 9 })
    await tab.untilStatus(runId, 'finished')
    const ended = await tab.run(runId)
    const { heldOut, other } = ended
    expect(heldOut).toMatchObject({ step: 1 })
    expect(heldOut?.chosen).toBeUndefined()
    expect(other?.step).toBe(0)
    expect(other?.accuracy).toBeGreaterThan(heldOut?.accuracy ?? 1)
    const last = answerOf(await tab.api.release(runId))

    answerOf(await tab.api.exchangePrompt(runId))
    const exchanged = await tab.run(runId)
    expect(exchanged).toMatchObject({ heldOut: { ...other, chosen: true }, other: heldOut, stepsDone: 1 })
    const first = answerOf(await tab.api.release(runId))
    expect(first.values).not.toEqual(last.values)
    expect(first.certificate.promptSha256).toBe(await sha256Hex(first.adapterModel))
    expect(first.certificate.privacy).toEqual(last.certificate.privacy)

    answerOf(await tab.api.exchangePrompt(runId))
    expect(await tab.run(runId)).toEqual(ended)
    expect(answerOf(await tab.api.release(runId))).toEqual(last)
    // A step that changes nothing leaves nothing to choose.
    const another = await tab.start({ ...TINY, steps: 1, learningRate: 1e-9 })
    await tab.untilStatus(another, 'finished')
    failureOf('conflict', await tab.api.exchangePrompt(another))
  })

  test('events count up, name their run, and come in the order of what happened', async () => {
    const tab = await (await newTab().open()).openSample()
    const runId = await tab.start()
    await tab.untilStatus(runId, 'finished')
    expect(tab.events.map(({ seq }) => seq)).toEqual(tab.events.map((_, index) => index))
    expect(new Set(tab.events.map((event) => event.runId))).toEqual(new Set([runId]))
    expect(tab.events[0]).toMatchObject({ type: 'status', status: 'running' })
    expect(tab.events.at(-1)).toMatchObject({ type: 'status', status: 'finished' })
    const steps = tab.events.flatMap((event) => (event.type === 'step' ? [event] : []))
    expect(steps.at(-1)).toMatchObject({ stepsDone: 4, secondsLeft: 0 })
    expect(steps.every(({ examplesPerSecond }) => examplesPerSecond > 0)).toBe(true)
    expect(tab.events.filter(({ type }) => type === 'checkpoint')).toHaveLength(2)
  })
})

describe('a run', () => {
  const long = { ...TINY, budget: BUDGET, steps: 40, checkpointEvery: 2 }

  test('begins while the device is measured, which ends then', async () => {
    const tab = await (await newTab({ measureMs: 600_000 }).open()).openSample()
    const measuring = tab.api.measure(TINY)
    const runId = await tab.start()
    failureOf('busy', await measuring)
    await tab.untilStatus(runId, 'finished')
  })

  test('pauses, goes on and stops; its last prompt stays', async () => {
    const tab = await (await newTab().open()).openSample()
    const runId = await tab.start(long)
    await tab.until(({ type }) => type === 'checkpoint')
    failureOf('busy', await tab.api.start(answerOf(await tab.api.plan(long)).plan))
    failureOf('conflict', await tab.api.release(runId))
    failureOf('busy', await tab.api.deleteRun(runId))
    answerOf(await tab.api.pause(runId))
    const paused = await tab.run(runId)
    expect(paused.status).toBe('paused')
    expect(paused.stepsDone).toBeGreaterThanOrEqual(2)
    expect(paused.stepsSpent).toBeGreaterThanOrEqual(paused.stepsDone)
    answerOf(await tab.api.pause(runId))
    answerOf(await tab.api.resume(runId))
    await tab.until((event) => event.type === 'step' && event.point.step > paused.stepsSpent)
    answerOf(await tab.api.stop(runId))
    const stopped = await tab.run(runId)
    expect(stopped.status).toBe('stopped')
    expect(stopped.stepsDone).toBeGreaterThan(paused.stepsDone)
    expect(stopped.epsilonSpent).toBeLessThanOrEqual(stopped.plan.privacy?.epsilonPlanned ?? 0)
    const { certificate } = answerOf(await tab.api.release(runId))
    expect(certificate.privacy?.steps).toBe(40)
    failureOf('conflict', await tab.api.resume(runId))
    answerOf(await tab.api.deleteRun(runId))
    failureOf('not-found', await tab.api.predict(runId, 'hello'))
    expect(answerOf(await tab.api.runs()).some((run) => run.runId === runId)).toBe(false)
  })

  test('two after each other are two entries, the newer first', async () => {
    const tab = await (await newTab().open()).openSample()
    const first = await tab.start()
    await tab.untilStatus(first, 'finished')
    const second = await tab.start({ ...TINY, steps: 2 })
    await tab.untilStatus(second, 'finished')
    expect(
      answerOf(await tab.api.runs())
        .slice(0, 2)
        .map(({ runId }) => runId),
    ).toEqual([second, first])
  })

  test('begins once, however often it is asked for at once', async () => {
    const tab = await (await newTab().open()).openSample()
    const { plan } = answerOf(await tab.api.plan(TINY))
    const [first, second] = await Promise.all([tab.api.start(plan), tab.api.start(plan)])
    failureOf('busy', second)
    await tab.untilStatus(answerOf(first ?? { runId: '' }).runId, 'finished')
    answerOf(await tab.api.openRuntime({ backend: 'wasm', wasm: [] }))
    failureOf('conflict', await tab.api.start(plan))
  })

  test('is one tab’s at a time', async () => {
    const tab = await (await newTab().open()).openSample()
    const other = await newTab().open()
    const runId = await tab.start(long)
    await tab.until(({ type }) => type === 'checkpoint')
    expect((await other.run(runId)).status).toBe('running')
    for (const act of ['resume', 'pause', 'stop', 'deleteRun'] as const) failureOf('busy', await other.api[act](runId))
    answerOf(await tab.api.pause(runId))
    answerOf(await other.api.resume(runId))
    failureOf('busy', await tab.api.resume(runId))
    answerOf(await other.api.stop(runId))
    expect((await tab.run(runId)).status).toBe('stopped')
  })
})

describe('what cannot be done', () => {
  test('is said as a report, whatever is called too early', async () => {
    const tab = newTab()
    const task = await sampleTask()
    failureOf('conflict', await tab.api.loadModel('demo-student', [], 'f32'))
    failureOf('conflict', await tab.api.setTask(task))
    failureOf('conflict', await tab.api.plan(TINY))
    failureOf('conflict', await tab.api.predict(null, 'hello'))
    failureOf('conflict', await tab.api.resume('none'))
    failureOf('not-found', await tab.api.pause('none'))
    failureOf('not-found', await tab.api.stop('none'))
    await tab.open()
    failureOf('conflict', await tab.api.plan(TINY))
    failureOf('conflict', await tab.api.predict(null, 'hello'))
    failureOf('not-found', await tab.api.release('none'))
    failureOf('model-missing-file', await tab.api.loadModel('nothing', [], 'f32'))
  })

  test('a prompt of a rounded model belongs to that one, and its certificate says so', async () => {
    const tab = await (await newTab().open('int8')).openSample(60)
    const runId = await tab.start(TINY)
    await tab.untilStatus(runId, 'finished')
    expect((await tab.run(runId)).weights).toBe('int8')
    const { certificate } = answerOf(await tab.api.release(runId))
    expect(certificate.student.weights).toBe('int8')
    const other = await newTab().open()
    const { data } = failureOf('prompt-mismatch', await other.api.release(runId))
    expect(data).toEqual({ needed: 'int8', open: 'f32' })
  })

  test('bad files and tasks', async () => {
    const tab = await newTab().open()
    failureOf('file-empty', await tab.api.openData(csvFile([]), {}))
    failureOf('column-missing', await tab.api.openData(csvFile(['text,label', 'a,b']), { text: 'review' }))
    answerOf(await tab.api.openData(csvFile(['text,label', 'lost it,security', 'stolen,security']), {}))
    const task = await sampleTask()
    failureOf('one-class', await tab.api.setTask(task))
    failureOf('task-invalid', await tab.api.setTask({ ...task, template: 'no place for a text' }))
    failureOf('no-rows', await tab.api.setTask({ ...task, labels: { a: ['card'], b: ['cash'] } }))
  })

  test('a plan that the file does not make', async () => {
    const tab = await (await newTab().open()).openSample()
    failureOf('bad-request', await tab.api.plan({ ...TINY, steps: 0 }))
    failureOf('privacy-argument', await tab.api.plan({ ...TINY, budget: { epsilon: 8, delta: 0.5 } }))
    const { plan } = answerOf(await tab.api.plan({ ...TINY, budget: BUDGET }))
    const weaker = plan.privacy === null ? null : { ...plan.privacy, sigma: plan.privacy.sigma / 2 }
    failureOf('conflict', await tab.api.start({ ...plan, privacy: weaker }))
    failureOf('conflict', await tab.api.start({ ...plan, trainRows: plan.trainRows + 1 }))
    failureOf('text-too-long', await tab.api.plan({ ...TINY, promptLength: 1_000 }))
    expect(answerOf(await tab.api.runs()).filter(({ status }) => status === 'running')).toEqual([])
  })
})
