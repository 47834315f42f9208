/** Runs the variants of a group in turns, each in its own process or worker, and checks that they compute the same. */
import type { Group } from './cases.ts'
import type { Answer, Opened, Question } from './measured.ts'
import type { Counts, Spec } from './types.ts'

export type Measurement = Spec &
  Counts &
  Omit<Opened, 'kind'> & {
    /** Median over the passes. */
    readonly examplesPerSecond: number
    readonly tokensPerSecond: number
    /** (slowest - fastest) / median. */
    readonly spread: number
    readonly passes: number
    readonly residentBytes: number | null
  }

/** A measured thing, running. */
export interface Running {
  readonly opened: Answer
  ask(question: Question): Promise<Answer>
  end(): Promise<void>
}

/** Starts one and waits for its first pass. */
export type Runner = (spec: Spec) => Promise<Running>

export type MeasureOptions = {
  readonly run: Runner
  readonly say: (line: string) => void
  /** `performance.now()` at which no further round begins; each group gets one. */
  readonly until: number
}

/** Relative L2 distance that float32 sums in another order, and rounding to the grid, explain. */
const SAME = 0.02

export async function measureGroup({ specs, passes }: Group, options: MeasureOptions): Promise<Measurement[]> {
  const things: Thing[] = []
  try {
    for (const spec of specs) things.push(await Thing.start(spec, options))
    for (let pass = 0; pass < passes; pass++) {
      const began = performance.now()
      for (const thing of things) await thing.pass()
      const round = performance.now() - began
      if (performance.now() + round > options.until) break
    }
    requireSame(things)
    const measurements: Measurement[] = []
    for (const thing of things) measurements.push(await thing.measurement())
    return measurements
  } finally {
    for (const thing of things) await thing.running.end()
  }
}

class Thing {
  readonly running: Running
  readonly spec: Spec
  readonly #opened: Opened
  readonly #say: (what: string) => void
  readonly #seconds: number[] = []
  values: readonly number[] = []

  private constructor(spec: Spec, running: Running, say: (what: string) => void) {
    this.spec = spec
    this.running = running
    this.#say = say
    this.#opened = expected(running.opened, 'open')
  }

  static async start(spec: Spec, { run, say }: MeasureOptions): Promise<Thing> {
    const thing = new Thing(spec, await run(spec), (what) => say(`${words(spec)}: ${what}`))
    thing.#say(`first pass ${thing.#opened.firstSeconds.toFixed(2)} s`)
    return thing
  }

  async pass(): Promise<void> {
    const { seconds, values } = expected(await this.running.ask('pass'), 'pass')
    this.#seconds.push(seconds)
    this.values = values
    this.#say(`${seconds.toFixed(2)} s`)
  }

  async measurement(): Promise<Measurement> {
    const { kind: _counted, ...counts } = expected(await this.running.ask('count'), 'count')
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
}

function expected<K extends Answer['kind']>(answer: Answer, kind: K): Extract<Answer, { kind: K }> {
  if (answer.kind !== kind) throw new Error(`${kind} was asked for, got ${answer.kind}`)
  return answer as Extract<Answer, { kind: K }>
}

function medianOf(sorted: readonly number[]): number {
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle)] ?? NaN)) / 2
}

/** A faster variant that computes something else is not faster. */
function requireSame(things: readonly Thing[]): void {
  for (const thing of things) {
    const first = things.find(({ spec }) => spec.case === thing.spec.case && spec.model === thing.spec.model)
    if (first === undefined || first === thing) continue
    const norm = Math.hypot(...first.values)
    const distance = Math.hypot(...first.values.map((value, at) => value - (thing.values[at] ?? NaN))) / norm
    if (!(distance < SAME)) {
      throw new Error(`${words(thing.spec)} is ${distance} (relative L2) off ${words(first.spec)}`)
    }
  }
}

function words({ case: name, model, variant, backend }: Spec): string {
  return `${name} ${model} ${variant} ${backend}`
}
