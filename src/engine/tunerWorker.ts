/** One life of the tuning worker with its pool. Made and ended by the bridge alone. */
import { type Remote, transfer, wrap } from 'comlink'
import { SoftpostError } from '../../workers/protocol/errors.ts'
import type { TunerApi, TunerEvent } from '../../workers/protocol/tuner.ts'
import { Death } from './death.ts'

export class TunerWorker {
  readonly death = new Death()
  /** Held for the worker's whole life: a collected proxy loses the answers that are still to come. */
  readonly api: Remote<TunerApi>
  readonly #workers: Worker[] = []
  readonly #events = new MessageChannel()

  constructor(onEvent: (event: TunerEvent) => void) {
    const worker = new Worker(new URL('../../workers/browser/tuner.worker.ts', import.meta.url), { type: 'module' })
    this.#watch(worker, 'the tuning worker')
    this.api = wrap<TunerApi>(worker)
    this.#events.port1.onmessage = ({ data }: MessageEvent<TunerEvent>) => onEvent(data)
  }

  /** Starts `members` pool members and joins everything by ports. */
  async connect(members: number): Promise<void> {
    const ports = Array.from({ length: members }, () => this.#startMember())
    const events = this.#events.port2
    await this.death.race(this.api.connect(transfer(events, [events]), transfer(ports, ports)))
  }

  end(reason: SoftpostError): void {
    this.death.declare(reason)
    for (const worker of this.#workers) worker.terminate()
    this.#events.port1.close()
  }

  #startMember(): MessagePort {
    const member = new Worker(new URL('../../workers/browser/member.worker.ts', import.meta.url), { type: 'module' })
    this.#watch(member, 'a helper of the tuning worker')
    const { port1, port2 } = new MessageChannel()
    member.postMessage({ port: port1 }, [port1])
    return port2
  }

  #watch(worker: Worker, name: string): void {
    this.#workers.push(worker)
    worker.addEventListener('error', (event) => {
      // The browser's line may quote what the worker was reading, so it stays out of the message.
      const message = `${name} stopped; load the model again to go on, saved runs are kept`
      this.end(new SoftpostError('internal', message, { cause: event.error ?? event.message }))
    })
    worker.addEventListener('messageerror', () =>
      this.end(new SoftpostError('internal', `a message to ${name} was lost; start it again, saved runs are kept`)),
    )
  }
}
