/** The public texts that a transfer may use: `public-sets.json` and the files beside it. */
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as z from 'zod/mini'
import { SoftpostError } from '../../protocol/errors.ts'
import { PublicSet } from '../../protocol/wire.ts'
import { firstLine, type Log } from '../queue/log.ts'
import { isMissing } from './atomic.ts'

/** A set as the host knows it: what is shown, and where its rows are. */
const Entry = z.extend(PublicSet, {
  /** Name of a file beside the list; no path. */
  file: z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/)),
  textColumn: z.string(),
  labelColumn: z.optional(z.string()),
})
type Entry = z.infer<typeof Entry>

export type PublicFile = { readonly path: string; readonly textColumn: string; readonly labelColumn?: string }

export class PublicSets {
  readonly #folder: string
  readonly #entries: readonly Entry[]

  private constructor(folder: string, entries: readonly Entry[]) {
    this.#folder = folder
    this.#entries = entries
  }

  static async open(listFile: string, log: Log): Promise<PublicSets> {
    return new PublicSets(dirname(listFile), await readList(listFile, log))
  }

  get size(): number {
    return this.#entries.length
  }

  list(): PublicSet[] {
    return this.#entries.map(({ id, name, description, licence, domain, rows }) => ({
      id,
      name,
      description,
      licence,
      domain,
      rows,
    }))
  }

  file(id: string): PublicFile {
    const entry = this.#entries.find((entry) => entry.id === id)
    if (!entry) throw new SoftpostError('bad-request', `there is no public set ${id}; see /v1/public-sets`)
    return {
      path: join(this.#folder, entry.file),
      textColumn: entry.textColumn,
      ...(entry.labelColumn === undefined ? {} : { labelColumn: entry.labelColumn }),
    }
  }
}

async function readList(listFile: string, log: Log): Promise<readonly Entry[]> {
  let text: string
  try {
    text = await readFile(listFile, 'utf8')
  } catch (error) {
    if (!isMissing(error)) throw error
    log('warn', `there is no list of public sets ${listFile}; transfers have no public texts`)
    return []
  }
  try {
    return z.array(Entry).parse(JSON.parse(text))
  } catch (error) {
    throw new SoftpostError('file-format', `${listFile} is not a list of public sets: ${firstLine(error)}`, {
      cause: error,
    })
  }
}
