/** The rows of a file as units of privacy: which side each is on, and what the ledger knows them by. */
import type { Ledger, OpenedUnits } from '../privacy/ledger/ledger.ts'
import { NO_SIDE, unitSet, type UnitSet } from '../privacy/ledger/units.ts'
import type { RandomSource } from '../privacy/random.ts'
import type { PlannedMechanism } from '../protocol/ledger.ts'
import type { TuningPlan } from '../protocol/tuning.ts'
import type { Example } from '../task/types.ts'
import { coinsOf, unitKey, type Coins } from './prepare.ts'

export type OpenRequest = { readonly ledger: Ledger; readonly share: number; readonly random: RandomSource }

export class FileUnits {
  readonly coins: Coins
  readonly #opened: OpenedUnits
  /** Fingerprints of the rows of a file of persons: another file may have the same rows and not say whose they are. */
  readonly #rows: Float64Array | null
  /** The first place of each unit and of each text. */
  readonly #places = new Map<string, number>()

  private constructor(examples: readonly Example[], opened: OpenedUnits, rows: Float64Array | null) {
    this.coins = coinsOf(examples, opened.sides)
    this.#opened = opened
    this.#rows = rows
    for (const [place, { text, person }] of examples.entries()) {
      for (const key of [unitKey({ text }), ...(person === undefined ? [] : [unitKey({ text, person })])]) {
        if (!this.#places.has(key)) this.#places.set(key, place)
      }
    }
  }

  /** A unit of an earlier run keeps its side; the others get a coin, held out with a chance of `share`. */
  static async open(examples: readonly Example[], { ledger, share, random }: OpenRequest): Promise<FileUnits> {
    const opened = await ledger.open(examples.map(unitKey), share, random)
    const isRows = examples.every(({ person }) => person === undefined)
    return new FileUnits(
      examples,
      opened,
      isRows ? null : await ledger.fingerprints(examples.map(({ text }) => unitKey({ text }))),
    )
  }

  /** How many of the file's rows have the side that an earlier run gave them. */
  get kept(): number {
    return this.#opened.kept
  }

  /** The units of some of the file's rows. */
  setOf(rows: readonly Pick<Example, 'text' | 'person'>[]): UnitSet {
    const { prints, sides } = this.#opened
    const places = this.#placesOf(rows.map(unitKey))
    const also = this.#rows
    const texts = also === null ? [] : this.#placesOf(rows.map(({ text }) => unitKey({ text })))
    const count = places.length
    return unitSet(
      Float64Array.from([...places, ...texts], (place, index) => (index < count ? prints : also)?.[place] ?? 0),
      Uint8Array.from([...places, ...texts], (place, index) => (index < count ? (sides[place] ?? 0) : NO_SIDE)),
    )
  }

  #placesOf(keys: readonly string[]): number[] {
    return keys.flatMap((key) => this.#places.get(key) ?? [])
  }
}

/** Whom the plan protects. */
export function unitOf({ maxRowsPerPerson }: TuningPlan): 'row' | 'person' {
  return maxRowsPerPerson === undefined ? 'row' : 'person'
}

/** What the ledger keeps of a plan; null without DP. */
export function mechanismOf({ privacy, sampleRate, steps, batchSize }: TuningPlan): PlannedMechanism | null {
  if (privacy === null) return null
  const { sigma, clipNorm, epsilonPlanned, delta, accountant, heldOutSigma, heldOutEvaluations } = privacy
  return {
    sigma,
    sampleRate,
    steps,
    clipNorm,
    expectedBatch: batchSize,
    epsilon: epsilonPlanned,
    delta,
    accountant,
    heldOut: heldOutEvaluations === 0 ? null : { sigma: heldOutSigma, evaluations: heldOutEvaluations },
  }
}
