/** Where a command's ledger is when nobody names it: beside the data, since the budget belongs to them. */
import { constants } from 'node:fs'
import { access, mkdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

/** A ledger that nobody named. */
const NAME = '.softpost-ledger'

/** Beside the data, or, where that folder cannot be written, beside the result. */
export async function defaultLedgerPath(dataFile: string, out: string): Promise<string> {
  const beside = dirname(resolve(dataFile))
  try {
    await access(beside, constants.W_OK)
    return join(beside, NAME)
  } catch {
    const folder = dirname(resolve(out))
    await mkdir(folder, { recursive: true })
    return join(folder, NAME)
  }
}
