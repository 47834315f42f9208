/** Runs the variants of a group in turns, each in its own process, and checks that they compute the same. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import type { Answer, Question } from './child.ts'
import type { Group } from './cases.ts'
import type { Counts, Spec } from './types.ts'

export type Measurement = Spec &
  Counts & {
    /** Median over the passes. */
    readonly examplesPerSecond: number
    readonly tokensPerSecond: number
    /** (slowest - fastest) / median. */
    readonly spread: number
    readonly passes: number
    /** Seconds until the model is loaded, and of the first pass, which compiles. */
    readonly openSeconds: number
    readonly firstSeconds: number
    /** Most memory that the process had at once. */
    readonly residentBytes: number
    readonly adapter: string | null
  }

/** Relative L2 distance that float32 sums in another order, and rounding to the grid, explain. */
const SAME = 0.02

export async function measureGroup({ specs, passes }: Group): Promise<Measurement[]> {
  const children: Child[] = []
  try {
    for (const spec of specs) children.push(await Child.start(spec))
    for (let pass = 0; pass < passes; pass++) {
      for (const child of children) await child.pass()
    }
    requireSame(children)
    const measurements: Measurement[] = []
    for (const child of children) measurements.push(await child.measurement())
    return measurements
  } finally {
    await Promise.all(children.map((child) => child.end()))
  }
}

class Child {
  readonly spec: Spec
  readonly #process: ChildProcess
  readonly #opened: Extract<Answer, { kind: 'open' }>
  readonly #seconds: number[] = []
  values: readonly number[] = []

  private constructor(spec: Spec, child: ChildProcess, opened: Extract<Answer, { kind: 'open' }>) {
    this.spec = spec
    this.#process = child
    this.#opened = opened
  }

  static async start(spec: Spec): Promise<Child> {
    const child = fork(new URL('child.ts', import.meta.url), [JSON.stringify(spec)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    const opened = await answerOf(child, 'open')
    say(spec, `first pass ${opened.firstSeconds.toFixed(2)} s`)
    return new Child(spec, child, opened)
  }

  async pass(): Promise<void> {
    const { seconds, values } = await this.#ask('pass', 'pass')
    this.#seconds.push(seconds)
    this.values = values
    say(this.spec, `${seconds.toFixed(2)} s`)
  }

  async measurement(): Promise<Measurement> {
    const { kind: _counted, ...counts } = await this.#ask('count', 'count')
    const { kind: _opened, ...opened } = this.#opened
    const sorted = this.#seconds.toSorted((a, b) => a - b)
    const median = medianOf(sorted)
    const examplesPerSecond = this.spec.batch / median
    return {
      ...this.spec,
      examplesPerSecond,
      tokensPerSecond: examplesPerSecond * this.spec.textTokens,
      spread: ((sorted.at(-1) ?? median) - (sorted[0] ?? median)) / median,
      passes: sorted.length,
      ...counts,
      ...opened,
    }
  }

  async end(): Promise<void> {
    if (this.#process.exitCode !== null) return
    const exit = once(this.#process, 'exit')
    this.#process.send('end' satisfies Question)
    await exit
  }

  async #ask<K extends Answer['kind']>(question: Question, kind: K): Promise<Extract<Answer, { kind: K }>> {
    this.#process.send(question)
    return await answerOf(this.#process, kind)
  }
}

async function answerOf<K extends Answer['kind']>(child: ChildProcess, kind: K): Promise<Extract<Answer, { kind: K }>> {
  const answer = await new Promise<Answer>((resolve, reject) => {
    const gone = (code: number | null) => reject(new Error(`a measured process ended with code ${code}`))
    child.once('exit', gone)
    child.once('message', (message) => {
      child.off('exit', gone)
      resolve(message as Answer)
    })
  })
  if (answer.kind !== kind) throw new Error(`${kind} was asked for, got ${answer.kind}`)
  return answer as Extract<Answer, { kind: K }>
}

function medianOf(sorted: readonly number[]): number {
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle)] ?? NaN)) / 2
}

/** A faster variant that computes something else is not faster. */
function requireSame([first, ...rest]: readonly Child[]): void {
  if (first === undefined) return
  const norm = Math.hypot(...first.values)
  for (const child of rest) {
    const distance = Math.hypot(...first.values.map((value, at) => value - (child.values[at] ?? NaN))) / norm
    if (!(distance < SAME)) {
      throw new Error(`${words(child.spec)} is ${distance} (relative L2) off ${words(first.spec)}`)
    }
  }
}

function words({ case: name, model, variant, backend }: Spec): string {
  return `${name} ${model} ${variant} ${backend}`
}

function say(spec: Spec, what: string): void {
  process.stderr.write(`bench: ${words(spec)}: ${what}\n`)
}
