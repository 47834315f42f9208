/**
 * Texts for Min-K% on the demo pair, from the tokens that its teacher was trained on (documents separated by id 0, the
 * last 60,000 held out). Not of the product: it makes `plans/leakage/` for `plans/leakage.json`.
 *
 *     xz -dc tokens.bin.xz > tokens.bin
 *     node tests/bench/leakageTexts.ts tokens.bin plans/data/corpus/public_text.txt plans/leakage
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { readModelFolder } from '../../workers/host/modelFolder.ts'
import { modelTokenizer } from '../../workers/model/modelTokenizer.ts'
import { drawWithout, seededRandom } from '../../workers/task/seededRandom.ts'

const HELD_OUT = 60_000
/** Shorter ones say little, and may stand in both parts by chance. */
const LEAST_TOKENS = 32
const TEXTS = 300
const SEED = 0

const [tokensPath, corpusPath, out] = process.argv.slice(2)
if (!tokensPath || !corpusPath || !out) throw new Error('usage: leakageTexts.ts TOKENS CORPUS OUT')

const tokenizer = modelTokenizer((await readModelFolder('models/demo-teacher')).files)
const bytes = await readFile(tokensPath)
const tokens = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2)
const corpus = new Set((await readFile(corpusPath, 'utf8')).split('\n').map(essence))
const border = tokens.length - HELD_OUT
const random = seededRandom(SEED)

// Of the held-out part every text; of the rest as many, drawn by place.
const others = texts(documents(tokens.subarray(border)))
const trained = documents(tokens.subarray(0, border))
const trainedBeginnings = new Set(trained.map(beginning))
const unseen = others.filter(({ ids }) => !trainedBeginnings.has(beginning(ids))).slice(0, TEXTS)
const drawn = drawWithout(random, trained.length, 8 * TEXTS).flatMap((place) => [trained[place] ?? []])
await mkdir(out, { recursive: true })
await write('others.jsonl', unseen)
await write('members.jsonl', texts(drawn).slice(0, unseen.length))

type Text = { readonly ids: readonly number[]; readonly text: string }

function documents(part: Uint16Array): number[][] {
  const all: number[][] = [[]]
  for (const id of part) {
    if (id === 0) all.push([])
    else all.at(-1)?.push(id)
  }
  return all.filter(({ length }) => length >= LEAST_TOKENS)
}

/** Those that the students' corpus does not hold. */
function texts(from: readonly number[][]): Text[] {
  return from
    .map((ids) => ({ ids, text: tokenizer.decode(ids).trim() }))
    .filter(({ text }) => !corpus.has(essence(text)))
}

function beginning(ids: readonly number[]): string {
  return ids.slice(0, LEAST_TOKENS).join(' ')
}

/** The two files may differ in spaces, and in where a long text was cut. */
function essence(text: string): string {
  return text.replaceAll(/\s+/g, '').slice(0, 60)
}

async function write(name: string, rows: readonly Text[]): Promise<void> {
  const lines = rows.map(({ text }) => `${JSON.stringify({ text })}\n`)
  await writeFile(join(out ?? '', name), lines.join(''))
  process.stdout.write(`${name}: ${rows.length} texts\n`)
}
