/** Calls between a thread and the members of its pool. Errors cross as values: classes do not survive cloning. */
import { transfer, wrap, type Remote } from 'comlink'
import { fromReport, SoftpostError, toReport } from '../protocol/errors.ts'
import type { Failure } from '../protocol/tuner.ts'

export type Answer<T> = Promise<{ readonly value: T } | Failure>

export type Member<Api> = {
  readonly api: Remote<Api>
  /** Rejects when the member's thread has ended. */
  readonly gone: Promise<never>
}

export function toMember<Api>(port: MessagePort): Member<Api> {
  const gone = new Promise<never>((_, reject) => {
    port.addEventListener('close', () => {
      reject(new SoftpostError('device-lost', 'a worker of the pool has ended; go on from the last checkpoint'))
    })
  })
  // Told to whoever waits; nobody may.
  gone.catch(() => undefined)
  return { api: wrap<Api>(port), gone }
}

/** A member's answer, its failure thrown. */
export async function ask<Api, T>({ api, gone }: Member<Api>, call: (api: Remote<Api>) => Answer<T>): Promise<T> {
  const answer = await Promise.race([call(api), gone])
  if ('failure' in answer) throw fromReport(answer.failure)
  return answer.value
}

/** On the member's side; `moved` lists buffers that are handed over rather than copied. */
export async function answer<T>(work: () => Promise<T>, moved: (value: T) => ArrayBuffer[] = () => []): Answer<T> {
  try {
    const value = await work()
    return transfer({ value }, moved(value))
  } catch (error) {
    return { failure: toReport(error) }
  }
}
