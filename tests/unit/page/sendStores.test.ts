import { describe, expect, it } from 'vitest'
import { chosenRun } from '../../../src/features/runs/store.ts'
import { merge } from '../../../src/features/send/transfers.ts'
import { labelledName } from '../../../src/features/use/store.ts'
import type { SentTransfer } from '../../../src/storage/schema.ts'
import type { RunStatus, RunSummary } from '../../../workers/protocol/tuner.ts'
import { jobFixture, makeRelease } from './support.ts'

function transfer(jobId: string, sentAt: number, state: SentTransfer['job']['state']): SentTransfer {
  return {
    jobId,
    runId: 'run',
    studentId: 'demo-student',
    teacherName: 'Demo teacher',
    publicSet: 'clinc150',
    alpha: 'auto',
    sentAt,
    sizeBytes: 1,
    promptSha256: 'ab'.repeat(32),
    epsilon: null,
    job: { ...jobFixture, id: jobId, state },
  }
}

function run(runId: string, status: RunStatus, stepsDone = 5): RunSummary {
  const { task } = makeRelease().certificate.declaredPublic
  return {
    runId,
    status,
    dataName: 'a.csv',
    createdAt: 0,
    plan: {
      task,
      promptLength: 3,
      batchSize: 8,
      steps: 10,
      learningRate: 0.1,
      optimizer: 'adam',
      checkpointEvery: 5,
      trainRows: 100,
      sampleRate: 0.08,
      privacy: null,
    },
    weights: 'f32',
    stepsDone,
    stepsSpent: stepsDone,
    epsilonSpent: null,
    points: [],
    heldOut: null,
    other: null,
    ledger: { saved: true, released: false },
    selfCheck: null,
    seal: null,
  }
}

describe('sent transfers', () => {
  it('keep what this tab has seen over what was stored, newest first', () => {
    const merged = merge([transfer('a', 2, 'running')], [transfer('a', 2, 'queued'), transfer('b', 3, 'finished')])
    expect(merged.map(({ jobId, job }) => `${jobId} ${job.state}`)).toEqual(['b finished', 'a running'])
  })
})

describe('the run that Try, Send and Use are about', () => {
  const runs = [run('new', 'running'), run('empty', 'stopped', 0), run('second', 'finished'), run('old', 'stopped')]

  it('is the newest with a prompt, until another is chosen', () => {
    expect(chosenRun(runs, null)?.runId).toBe('second')
    expect(chosenRun(runs, 'old')?.runId).toBe('old')
  })

  it('is never one without a prompt, or one that is gone', () => {
    expect(chosenRun(runs, 'new')?.runId).toBe('second')
    expect(chosenRun(runs, 'deleted')?.runId).toBe('second')
    expect(chosenRun([run('new', 'running')], 'new')).toBeNull()
  })
})

describe('a labelled file', () => {
  it.each([
    ['texts.csv', 'texts-labelled.csv'],
    ['my.texts.jsonl', 'my.texts-labelled.csv'],
    ['texts', 'texts-labelled.csv'],
  ])('%s is saved as %s', (name, saved) => {
    expect(labelledName(name)).toBe(saved)
  })
})
