import { describe, expect, it } from 'vitest'
import { watchTransfer, type Connection, type JobSource } from '../../../src/engine/watch.ts'
import { SoftpostError } from '../../../workers/protocol/errors.ts'
import type { TransferJob } from '../../../workers/protocol/wire.ts'
import { jobFixture } from './support.ts'

function job(change: Partial<TransferJob>): TransferJob {
  return { ...jobFixture, ...change }
}

const gone = (data = {}) => new SoftpostError('network', 'no answer', { data: { answered: false, ...data } })

type Act = readonly TransferJob[] | SoftpostError

/** A host that does one act for each stream or question, and notes how it was asked. */
function script(streams: readonly Act[], reads: readonly Act[] = []) {
  const log: string[] = []
  const streamActs = [...streams]
  const readActs = [...reads]
  const next = (acts: Act[]) => {
    const act = acts.shift()
    if (act === undefined) throw new Error('asked more often than expected')
    return act
  }
  const source: JobSource = {
    async stream(_id, onJob) {
      log.push('stream')
      const act = next(streamActs)
      if (act instanceof SoftpostError) throw act
      for (const each of act) onJob(each)
      await Promise.resolve()
    },
    async read() {
      log.push('read')
      const act = next(readActs)
      const [first] = act instanceof SoftpostError ? [] : act
      if (first === undefined) throw act
      return await Promise.resolve(first)
    },
    async wait(ms) {
      log.push(`wait ${ms}`)
      await Promise.resolve()
    },
  }
  return { source, log }
}

async function follow(streams: readonly Act[], reads: readonly Act[] = []) {
  const { source, log } = script(streams, reads)
  const steps: number[] = []
  const connections: Connection[] = []
  const watcher = {
    onJob: ({ step }: TransferJob) => steps.push(step),
    onConnection: (now: Connection) => connections.push(now),
  }
  const last = await watchTransfer('j', watcher, new AbortController().signal, source)
  return { last, log, steps, connections }
}

const done = job({ state: 'finished', phase: 'done', step: 10 })

describe('following a transfer', () => {
  it('ends with the job', async () => {
    const { last, steps, log } = await follow([[job({ step: 1 }), job({ step: 2 }), done]])
    expect(last).toEqual(done)
    expect(steps).toEqual([1, 2, 10])
    expect(log).toEqual(['stream'])
  })

  it('connects again when a stream ends early, and waits longer while the host is away', async () => {
    const { log, connections } = await follow([[job({ step: 1 })], gone(), gone(), gone(), [done]])
    const waits = log.filter((act) => act.startsWith('wait'))
    expect(waits).toEqual(['wait 1000', 'wait 1000', 'wait 2000', 'wait 4000'])
    expect(log.filter((act) => act === 'stream')).toHaveLength(5)
    expect(connections).toEqual(['live', 'lost', 'lost', 'lost', 'live'])
  })

  it('asks question by question where streams bring no news', async () => {
    const { log, connections, steps } = await follow([[], gone({ answered: true })], [[job({ step: 3 })], [done]])
    expect(log).toEqual(['stream', 'wait 1000', 'stream', 'wait 1000', 'read', 'wait 2000', 'read'])
    expect(connections).toEqual(['lost', 'polling', 'polling'])
    expect(steps).toEqual([3, 10])
  })

  it('tries a stream again after a while of questions', async () => {
    const reads = Array.from({ length: 15 }, (_, i) => [job({ step: i })])
    const { log, connections } = await follow([[], [], [done]], reads)
    expect(log.filter((act) => act === 'read')).toHaveLength(15)
    expect(log.at(-1)).toBe('stream')
    expect(connections.at(-1)).toBe('live')
  })

  it('waits as long as the host asks', async () => {
    const busy = new SoftpostError('busy', 'later', { data: { status: 429, retrySeconds: 9 } })
    const { log } = await follow([busy, [done]])
    expect(log).toEqual(['stream', 'wait 9000', 'stream'])
  })

  it.each(['not-found', 'unauthorized', 'cancelled'] as const)('gives up on %s', async (code) => {
    await expect(follow([new SoftpostError(code, 'no')])).rejects.toMatchObject({ code })
  })
})
