/** A release as the worker would hand it over, whole and consistent. */
import { createHash } from 'node:crypto'
import type { Certificate } from '../../../workers/protocol/certificate.ts'
import type { Release } from '../../../workers/protocol/tuner.ts'
import type { TransferJob } from '../../../workers/protocol/wire.ts'
import { writePeft } from '../../../workers/prompt/peft.ts'

const TASK = {
  template: '{text} It was',
  labels: { good: ['great'], bad: ['terrible'] },
  initText: 'Is this good or bad?',
}

const STUDENT = { id: 'demo-student', sha256: 'ab'.repeat(32), weights: 'f16' } as const

export function makeRelease(length = 3, width = 4): Release {
  const values = Float32Array.from({ length: length * width }, (_, i) => (i - 5) / 7)
  const { config, weights } = writePeft({ values, length, width }, { baseModel: STUDENT.id, initText: TASK.initText })
  const certificate: Certificate = {
    format: 'softpost-certificate',
    version: 1,
    privacy: {
      kind: 'poisson-subsampled-gaussian',
      unit: 'person',
      maxRowsPerPerson: 5,
      adjacency: 'zero-out',
      epsilon: 7.9,
      delta: 1e-5,
      sigma: 0.8,
      sampleRate: 0.02,
      steps: 100,
      clipNorm: 1,
      accountant: 'test 1',
    },
    project: {
      epsilon: 7.9,
      delta: 1e-5,
      composition: 'fixed-plans',
      runs: [{ sigma: 0.8, sampleRate: 0.02, steps: 100, heldOut: null }],
    },
    selection: 'covered',
    declaredPublic: { task: TASK, promptLength: length, learningRate: 0.1, optimizer: 'adam' },
    student: STUDENT,
    promptSha256: createHash('sha256').update(weights).digest('hex'),
  }
  return { adapterConfig: config, adapterModel: weights, certificate, shape: [length, width], values }
}

export const jobFixture: TransferJob = {
  id: 'j',
  state: 'running',
  phase: 'steps',
  step: 0,
  steps: 10,
  loss: null,
  secondsLeft: null,
  alpha: null,
  error: null,
  expiresAt: '2026-12-01T00:00:00.000Z',
}
