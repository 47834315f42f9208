/** Calls between a thread and the members of its pool. Errors cross as values: classes do not survive cloning. */
import { transfer, wrap, type Remote } from 'comlink'
import { fromReport, SoftpostError, toReport } from '../protocol/errors.ts'
import { interruptible, type Interrupt } from '../protocol/interrupt.ts'
import type { Failure } from '../protocol/tuner.ts'

export type Answer<T> = Promise<{ readonly value: T } | Failure>

export type Member<Api> = {
  readonly api: Remote<Api>
  /** Tells when the member's thread has ended. */
  readonly gone: Interrupt
}

export function toMember<Api>(port: MessagePort): Member<Api> {
  let why: SoftpostError | null = null
  const waiting = new Set<(why: Error) => void>()
  port.addEventListener('close', () => {
    why = new SoftpostError('device-lost', 'a worker of the pool has ended; go on from the last checkpoint')
    for (const tell of waiting) tell(why)
  })
  const gone: Interrupt = (tell) => {
    if (why !== null) tell(why)
    waiting.add(tell)
    return () => void waiting.delete(tell)
  }
  return { api: wrap<Api>(port), gone }
}

/** A member's answer, its failure thrown. */
export async function ask<Api, T>({ api, gone }: Member<Api>, call: (api: Remote<Api>) => Answer<T>): Promise<T> {
  const answer = await interruptible(() => call(api), gone)
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
