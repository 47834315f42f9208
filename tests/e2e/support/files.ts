/** Files that a person might drop on the page. */
import { readFileSync } from 'node:fs'

export type TypedFile = { readonly name: string; readonly mimeType: string; readonly buffer: Buffer }

/**
 * Some 270 of the sample's rows, so that opening them takes no time; of labels whose names are one piece for the model,
 * so that the proposed label words fit.
 */
export function smallFile(name: string): TypedFile {
  const sample = readFileSync(new URL('../../../public/samples/banking.csv', import.meta.url), 'utf8')
  const [header, ...rows] = sample.trim().split('\n')
  const own = rows.filter((row) => /,(?:card|transfer|cash|account)$/.test(row)).filter((_, index) => index % 20 === 0)
  return { name, mimeType: 'text/csv', buffer: Buffer.from([header, ...own].join('\n')) }
}
