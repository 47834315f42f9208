/** The ledger as `tune` uses it: sides of the rows, room for the run, and what the file has spent by it. */
import process from 'node:process'
import { Ledger } from '../../privacy/ledger/ledger.ts'
import type { UnitSet } from '../../privacy/ledger/units.ts'
import { cryptoRandom, type RandomSource } from '../../privacy/random.ts'
import type { ProjectClaim } from '../../protocol/certificate.ts'
import { DEFAULT_FILE_BUDGET, type FileBudget, type LedgerRun } from '../../protocol/ledger.ts'
import type { TuningPlan } from '../../protocol/tuning.ts'
import type { PreparedRows } from '../../task/rows.ts'
import type { Example } from '../../task/types.ts'
import { throwCoins, type Coins } from '../../tune/prepare.ts'
import { FileUnits, mechanismOf, unitOf } from '../../tune/units.ts'
import { LedgerFile } from '../ledger/ledgerFile.ts'
import { defaultLedgerPath } from '../ledger/ledgerPath.ts'
import { NAME, type TuneArguments } from './tuneArguments.ts'

type LedgerPlace = Pick<TuneArguments, 'ledgerFile' | 'dataFile'> & { readonly folder: { readonly out: string } }

/** A ledger that was named has a budget from the start; the one beside the data counts until somebody sets one. */
export async function openTuneLedger(
  { ledgerFile, dataFile, folder }: LedgerPlace,
  command: string = NAME,
): Promise<TuneLedger> {
  const path = ledgerFile ?? (await defaultLedgerPath(dataFile, folder.out))
  const file = await LedgerFile.open(path)
  const defaultBudget = ledgerFile === undefined ? Infinity : DEFAULT_FILE_BUDGET
  return new TuneLedger({ file, ledger: new Ledger(file, { defaultBudget }), path, command })
}

type TuneLedgerParts = {
  readonly file: LedgerFile
  readonly ledger: Ledger
  readonly path: string
  /** Whose words stand on the terminal. */
  readonly command: string
}

export class TuneLedger {
  readonly path: string
  readonly ledger: Ledger
  readonly #file: LedgerFile
  readonly #command: string

  constructor({ file, ledger, path, command }: TuneLedgerParts) {
    this.#file = file
    this.#command = command
    this.ledger = ledger
    this.path = path
  }

  close(): void {
    this.#file.close()
  }

  /**
   * With DP a unit keeps its side from one run to the next; without, nothing depends on it, and a seed may decide.
   *
   * @param request.isGiven whether somebody asked for this share.
   */
  async deal(
    examples: readonly Example[],
    {
      share,
      isGiven,
      dp,
      random,
    }: { readonly share: number; readonly isGiven: boolean; readonly dp: boolean; readonly random: RandomSource },
  ): Promise<{ readonly coins: Coins; setOf(rows: PreparedRows['rows']): UnitSet }> {
    const units = await FileUnits.open(examples, { ledger: this.ledger, share, random: cryptoRandom })
    if (!dp) {
      const setOf = (rows: PreparedRows['rows']): UnitSet => ({ ...units.setOf(rows), sides: null })
      return { coins: throwCoins(examples, share, random), setOf }
    }
    if (isGiven && units.kept > 0) {
      this.#say(`${units.kept} rows were in an earlier run and keep their side, whatever --held-out says`)
    }
    return { coins: units.coins, setOf: (rows) => units.setOf(rows) }
  }

  /**
   * @param request.declares whether the earlier runs on these units are declared as one project with this one.
   */
  async certify(
    { privacy }: TuningPlan,
    runId: string,
    { units, declares }: { readonly units: UnitSet; readonly declares: boolean },
  ): Promise<CertifiedRuns> {
    if (privacy === null) return { sawPrivate: false, project: undefined }
    const others = declares ? await this.ledger.privateRunsOn(units) : []
    return { sawPrivate: await this.ledger.isSeen(units), project: await this.ledger.project(runId, others) }
  }

  /** Reserves the run, which has its id from here. Errors: `ledger` beyond the budget. */
  async reserve(
    plan: TuningPlan,
    units: UnitSet,
    { dataName, fileBudget, purpose = 'tune' }: Reservation,
  ): Promise<string> {
    const id = crypto.randomUUID()
    const before = await this.ledger.budget(units)
    if (fileBudget !== undefined && (before.isDefault || before.budget !== fileBudget)) {
      await this.ledger.setBudget(units, fileBudget)
    }
    await this.ledger.reserve(units, [{ id, purpose, dataName, unit: unitOf(plan), mechanism: mechanismOf(plan) }])
    this.#say(`this run is on record in ${this.path}`)
    if (plan.privacy !== null) this.#say(describe(await this.ledger.budget(units)))
    return id
  }

  #say(text: string): void {
    process.stderr.write(`${this.#command}: ${text}\n`)
  }
}

/** What the certificate says beyond the run itself. */
export type CertifiedRuns = { readonly sawPrivate: boolean; readonly project: ProjectClaim | undefined }

export type Reservation = {
  readonly dataName: string
  readonly fileBudget: number | undefined
  readonly purpose?: LedgerRun['purpose']
}

function describe({ spent, delta, rule, budget, runs, plainReleased }: FileBudget): string {
  const many = runs === 1 ? 'one run' : `${runs} runs`
  const how = rule === 'renyi-filter' && runs > 1 ? ', by a Rényi filter' : ''
  const limit =
    budget < Infinity
      ? `of a budget of ${budget}`
      : `and there is no budget${spent > DEFAULT_FILE_BUDGET ? ', which is little protection' : ''}; --file-budget sets one`
  const released = plainReleased
    ? '; a prompt without differential privacy was written too, which no figure covers'
    : ''
  return `with it these rows have spent ε = ${spent.toPrecision(4)} at δ = ${delta} (${many}${how}) ${limit}${released}`
}
