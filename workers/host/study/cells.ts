/** Finished cells as files, one each, so that an evaluation goes on where it stopped. */
import { mkdir, readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { cellText, type Cell } from '../../evaluate/study/cells.ts'
import type { CellResult } from '../../evaluate/study/types.ts'
import { isMissing, writeFileAtomically } from '../store/atomic.ts'
import { hashOf, type FolderGround } from './ground.ts'

export class CellFiles {
  readonly #folder: string
  readonly #ground: FolderGround

  constructor(out: string, ground: FolderGround) {
    this.#folder = join(out, 'cells')
    this.#ground = ground
  }

  async find(cell: Cell): Promise<CellResult | null> {
    try {
      return JSON.parse(await readFile(await this.#path(cell), 'utf8')) as CellResult
    } catch (error) {
      if (isMissing(error)) return null
      throw error
    }
  }

  async keep(result: CellResult): Promise<void> {
    await mkdir(this.#folder, { recursive: true })
    await writeFileAtomically(await this.#path(result.cell), `${JSON.stringify(result, null, 2)}\n`)
  }

  async #path(cell: Cell): Promise<string> {
    const inputs = await this.#ground.fingerprint(cell.task, cell.student)
    return join(this.#folder, `${cell.method}-${hashOf([cellText(cell), inputs])}.json`)
  }
}

/** Whether an evaluation was begun there. */
export async function hasCells(out: string): Promise<boolean> {
  try {
    return (await readdir(out)).length > 0
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}
