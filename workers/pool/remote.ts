/** Calls between a thread and the members of its pool. Errors cross as values: classes do not survive cloning. */
import { transfer, wrap, type Remote } from 'comlink'
import { fromReport, SoftpostError, toReport } from '../protocol/errors.ts'
import type { Failure } from '../protocol/tuner.ts'

export type Answer<T> = Promise<{ readonly value: T } | Failure>

export type Member<Api> = {
  readonly api: Remote<Api>
  /** Calls that wait for an answer, by what makes them fail. */
  readonly waiting: Set<(error: SoftpostError) => void>
  /** Whether the member's thread has ended. */
  readonly hasEnded: () => boolean
}

const ENDED = 'a worker of the pool has ended; go on from the last checkpoint'

export function toMember<Api>(port: MessagePort): Member<Api> {
  const waiting: Member<Api>['waiting'] = new Set()
  let ended = false
  port.addEventListener('close', () => {
    ended = true
    for (const fail of waiting) fail(new SoftpostError('device-lost', ENDED))
  })
  return { api: wrap<Api>(port), waiting, hasEnded: () => ended }
}

/**
 * A member's answer, its failure thrown. Not a race with one promise for the member's end: such a promise keeps all that
 * it was ever raced with, and a step's answer has megabytes.
 */
export async function ask<Api, T>(member: Member<Api>, call: (api: Remote<Api>) => Answer<T>): Promise<T> {
  const { api, waiting, hasEnded } = member
  if (hasEnded()) throw new SoftpostError('device-lost', ENDED)
  const ended = Promise.withResolvers<never>()
  waiting.add(ended.reject)
  const answer = await Promise.race([call(api), ended.promise]).finally(() => waiting.delete(ended.reject))
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
