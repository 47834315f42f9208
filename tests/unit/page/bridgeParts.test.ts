import { describe, expect, it } from 'vitest'
import { Death } from '../../../src/engine/death.ts'
import { memberCount } from '../../../src/engine/pool.ts'
import { stepStates } from '../../../src/app/stepStates.ts'
import { NO_KNOBS } from '../../../src/features/privacy/knobIds.ts'
import { requestOf } from '../../../src/features/privacy/knobs.ts'
import { SoftpostError } from '../../../workers/protocol/errors.ts'

const never = () => new Promise<never>(() => undefined)

describe('Death', () => {
  it('rejects what waits when the worker dies, and what comes after', async () => {
    const death = new Death()
    const reason = new SoftpostError('internal', 'gone')
    const waiting = death.race(never())
    death.declare(reason)
    await expect(waiting).rejects.toBe(reason)
    await expect(death.race(never())).rejects.toBe(reason)
  })

  it('lets an answer through and forgets about it', async () => {
    const death = new Death()
    await expect(death.race(Promise.resolve(3))).resolves.toBe(3)
    death.declare(new SoftpostError('internal', 'gone'))
    expect(death.reason?.message).toBe('gone')
  })

  it('gives up when its signal fires', async () => {
    const controller = new AbortController()
    const waiting = new Death().race(never(), controller.signal)
    controller.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' })
    await expect(new Death().race(never(), controller.signal)).rejects.toMatchObject({ code: 'cancelled' })
  })
})

describe('memberCount', () => {
  it('follows cores and memory, and is none with a GPU', () => {
    expect(memberCount({ cores: 2, memoryGiB: 8, hasGpu: false }, 'auto')).toBe(2)
    expect(memberCount({ cores: 16, memoryGiB: null, hasGpu: false }, 'auto')).toBe(4)
    expect(memberCount({ cores: 8, memoryGiB: 0.5, hasGpu: false }, 'auto')).toBe(1)
    expect(memberCount({ cores: 8, memoryGiB: 8, hasGpu: true }, 'auto')).toBe(0)
    expect(memberCount({ cores: 8, memoryGiB: 8, hasGpu: true }, 'wasm')).toBe(4)
    expect(memberCount({ cores: 8, memoryGiB: 8, hasGpu: false }, 'webgpu')).toBe(0)
  })
})

describe('stepStates', () => {
  const nothing = {
    hasModel: false,
    hasTask: false,
    hasPlan: false,
    hasRun: false,
    hasPrompt: false,
    hasTried: false,
    hasTransfer: false,
  }

  it('opens one step after the other', () => {
    expect(stepStates(nothing)).toMatchObject({ model: 'ready', data: 'waiting', tune: 'waiting', send: 'waiting' })
    expect(stepStates({ ...nothing, hasModel: true })).toMatchObject({ model: 'done', data: 'ready' })
  })

  it('leads a run of last time to Tune and its prompt to Send', () => {
    expect(stepStates({ ...nothing, hasRun: true })).toMatchObject({ tune: 'ready', runs: 'ready', send: 'waiting' })
    expect(stepStates({ ...nothing, hasRun: true, hasPrompt: true })).toMatchObject({ tune: 'done', send: 'ready' })
  })
})

describe('requestOf', () => {
  const wish = { choice: 'private', epsilon: 8, knobs: NO_KNOBS, rows: 9_000, hasPersons: false } as const

  it('leaves empty fields to the planner', () => {
    expect(requestOf(wish)).toEqual({ budget: { epsilon: 8, delta: 1e-5 } })
    expect(requestOf({ ...wish, rows: 10_001 }).budget?.delta).toBe(1e-6)
  })

  it('takes what was typed, and no clip norm without privacy', () => {
    const knobs = { ...NO_KNOBS, steps: ' 12 ', learningRate: '0,05', clipNorm: '1' }
    expect(requestOf({ ...wish, knobs })).toMatchObject({ steps: 12, learningRate: 0.05, clipNorm: 1 })
    expect(requestOf({ ...wish, choice: 'none', knobs })).toEqual({ budget: null, steps: 12, learningRate: 0.05 })
  })

  it('takes rows of a person where the file says whose each is', () => {
    const knobs = { ...NO_KNOBS, maxRowsPerPerson: '4' }
    expect(requestOf({ ...wish, knobs, hasPersons: true }).maxRowsPerPerson).toBe(4)
    expect(requestOf({ ...wish, knobs })).not.toHaveProperty('maxRowsPerPerson')
    expect(requestOf({ ...wish, knobs, choice: 'none', hasPersons: true })).not.toHaveProperty('maxRowsPerPerson')
  })

  it('names the field that is no number', () => {
    expect(() => requestOf({ ...wish, knobs: { ...NO_KNOBS, steps: '1.5' } })).toThrow(/^Steps: "1.5"/)
    expect(() => requestOf({ ...wish, knobs: { ...NO_KNOBS, delta: '-1' } })).toThrow('δ')
  })
})
