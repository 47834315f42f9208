/** Compute processes as the host sees them. */
import { expect, test } from 'vitest'
import { WarmClassifier, type AnswerWork } from '../../workers/host/work/childClassifier.ts'
import type { ClassifyTask } from '../../workers/protocol/task.ts'
import { ComputeProcess, isCrash } from '../../workers/host/work/childProcess.ts'
import { SCRIPTS } from './support/scripts.ts'

const work = (texts: readonly string[]): AnswerWork<ClassifyTask> => ({
  modelDir: '',
  backend: 'auto',
  promptDir: null,
  task: { template: '{text} It was', labels: { positive: ['great'], negative: ['bad'] }, initText: 'good or bad' },
  texts,
})

test('a process that blocks is ended when it was silent too long', async () => {
  // Longer than the pause between heartbeats (2 s), so that only a blocked process is silent.
  const child = new ComputeProcess(SCRIPTS.classify, 'classify', { silentMs: 3_000 })
  expect(await child.call(work(['a']))).toHaveLength(1)
  const hung = await child.call(work(['hang'])).catch((error: unknown) => error)
  expect(isCrash(hung)).toBe(true)
  expect(String(hung)).toContain('was silent for 3 s')
  await child.exited
  expect(child.over).toBe(true)
})

test('a call that is aborted ends the process and is not a crash', async () => {
  const child = new ComputeProcess(SCRIPTS.classify, 'classify')
  const stop = new AbortController()
  const call = child.call(work(['hang']), { signal: stop.signal })
  stop.abort()
  const error = await call.catch((error: unknown) => error)
  expect(error).toMatchObject({ code: 'cancelled' })
  expect(isCrash(error)).toBe(false)
  await child.exited
  expect(isCrash(await child.call(work(['a'])).catch((error: unknown) => error))).toBe(true)
})

test('a script that cannot be started is a crash, not a hang', async () => {
  const child = new ComputeProcess(new URL('none.ts', SCRIPTS.classify), 'classify')
  expect(isCrash(await child.call(work(['a'])).catch((error: unknown) => error))).toBe(true)
})

test('calls beyond the limit are turned away, and those that wait are answered', async () => {
  const classifier = new WarmClassifier({ script: SCRIPTS.classify, maxWaiting: 2 })
  const answers = [classifier.classify(work(['a'])), classifier.classify(work(['b', 'c']))]
  await expect(classifier.classify(work(['d']))).rejects.toMatchObject({ code: 'busy' })
  expect((await Promise.all(answers)).map((answer) => answer.length)).toEqual([1, 2])
  expect(classifier.starts).toBe(1)
  await classifier.close()
  await expect(classifier.classify(work(['a']))).rejects.toMatchObject({ code: 'busy' })
})

test('an idle process ends and the next call has a new one', async () => {
  const classifier = new WarmClassifier({ script: SCRIPTS.classify, idleMs: 0 })
  await classifier.classify(work(['a']))
  const pid = classifier.pid
  await expect.poll(() => classifier.pid).toBeUndefined()
  await classifier.classify(work(['a']))
  expect(classifier.starts).toBe(2)
  expect(pid).toBeTypeOf('number')
  await classifier.close()
})

test('a call that hangs another one out of its process does not fail it', async () => {
  const classifier = new WarmClassifier({ script: SCRIPTS.classify, timeoutMs: 4_000 })
  const hung = classifier.classify(work(['hang'])).catch((error: unknown) => error)
  const other = classifier.classify(work(['a']))
  expect(await hung).toMatchObject({ code: 'cancelled' })
  expect(await other).toHaveLength(1)
  await classifier.close()
})
