/** The public texts that a transfer may use: `public-sets.json` and the files beside it. */
import { mkdir, readFile } from 'node:fs/promises'
import { dirname, extname, join, resolve } from 'node:path'
import * as z from 'zod/mini'
import { SoftpostError } from '../../protocol/errors.ts'
import { PublicSet } from '../../protocol/wire.ts'
import type { LabelWords } from '../../transfer/labelMap.ts'
import { firstLine, type Log } from '../queue/log.ts'
import { isMissing, writeFileAtomically } from './atomic.ts'

/** A set as the host knows it: what is shown, and where its rows are. */
const Entry = z.extend(PublicSet, {
  /** Name of a file beside the list; no path. */
  file: z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/)),
  textColumn: z.string(),
  labelColumn: z.optional(z.string()),
})
type Entry = z.infer<typeof Entry>

export type PublicFile = {
  readonly path: string
  readonly textColumn: string
  readonly labelColumn?: string
  /** What the labels mean; see `workers/transfer/labelMap.ts`. */
  readonly labels?: LabelWords
}

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
    return this.#entries.map(({ file: _file, textColumn: _text, labelColumn: _label, ...set }) => set)
  }

  file(id: string): PublicFile {
    const entry = this.#entries.find((entry) => entry.id === id)
    if (!entry) throw new SoftpostError('bad-request', `there is no public set ${id}; see /v1/public-sets`)
    return {
      path: join(this.#folder, entry.file),
      textColumn: entry.textColumn,
      ...(entry.labelColumn === undefined ? {} : { labelColumn: entry.labelColumn }),
      ...(entry.labels === undefined ? {} : { labels: entry.labels }),
    }
  }
}

export type NewPublicSet = {
  readonly set: PublicSet
  readonly columns: Pick<Entry, 'textColumn' | 'labelColumn'>
  /** The texts; a copy of it is kept beside the list, under the set's id. */
  readonly file: string
  /** Whether a set of the same id gives way. */
  readonly replace: boolean
}

/** Puts a set on the list, which is made where there is none. Errors: `conflict` for an id that stands there. */
export async function addPublicSet(listFile: string, { set, columns, file, replace }: NewPublicSet): Promise<void> {
  const standing = await readList(listFile, () => undefined)
  if (!replace && standing.some(({ id }) => id === set.id)) {
    throw new SoftpostError('conflict', `${listFile} has a set ${set.id}; choose another id, or add --force`)
  }
  const name = `${set.id}${extname(file).toLowerCase()}`
  await mkdir(dirname(listFile), { recursive: true })
  // The copy first: the list never names a file that is not there.
  if (resolve(dirname(listFile), name) !== file) {
    await writeFileAtomically(join(dirname(listFile), name), await readFile(file))
  }
  const entry = Entry.parse({ ...set, ...columns, file: name })
  const others = standing.filter(({ id }) => id !== set.id)
  await writeFileAtomically(listFile, `${JSON.stringify([...others, entry], null, 2)}\n`)
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
