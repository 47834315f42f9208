/** `softpost audit --texts`: made-up texts in a real run, and what guesses about them prove. */
import { basename } from 'node:path'
import { auditWithTexts, LEAST_CANARIES, madeUpTexts } from '../../evaluate/textCanaries.ts'
import { cryptoRandom } from '../../privacy/random.ts'
import type { TextAuditReport } from '../../protocol/audit.ts'
import { createEncoder } from '../../task/encoder.ts'
import { makePlan } from '../../tune/plan.ts'
import { encodeRows, heldOutShare, sidesOf } from '../../tune/prepare.ts'
import { startPrompt } from '../../tune/prompt.ts'
import { openHostEngine } from '../openEngine.ts'
import { NAME, type TextsArguments } from './auditArguments.ts'
import { readInputs, requestOf, type AuditInputs } from './auditInputs.ts'
import { usageError } from './options.ts'
import { duration, progressLine } from './progress.ts'
import { openTuneLedger, type TuneLedger } from './tuneLedger.ts'

/** δ of the bound where the run has none. */
const PLAIN_DELTA = 1e-5

/** Beyond, the made-up texts would be most of what is tuned on. */
const MOST_TEXTS = 5_000

export async function auditTexts(typed: TextsArguments): Promise<TextAuditReport> {
  const { canaries, dataFile, ledgerFile } = typed
  if (!(Number.isSafeInteger(canaries) && canaries >= LEAST_CANARIES && canaries <= MOST_TEXTS)) {
    throw usageError(NAME, `--texts ${canaries} is not a whole number from ${LEAST_CANARIES} to ${MOST_TEXTS}`)
  }
  const inputs = await readInputs(typed)
  const book = await openTuneLedger({ ledgerFile, dataFile, folder: { out: dataFile } }, NAME)
  try {
    return await auditOnRecord(book, typed, inputs)
  } finally {
    book.close()
  }
}

/** The file's rows keep their sides: those that are held out of runs are held out of this one, and not looked at. */
async function auditOnRecord(
  book: TuneLedger,
  typed: TextsArguments,
  { task, examples, selected, model, tokenizer, labelTokens }: AuditInputs,
): Promise<TextAuditReport> {
  const dp = typed.request.budget !== null
  const share = heldOutShare(examples.length)
  const dealt = await book.deal(examples, { share, isGiven: false, dp, random: cryptoRandom })
  const { heldOut } = sidesOf(selected.rows, dealt.coins)
  const trained = selected.rows.filter((_, row) => heldOut[row] === 0)
  const places = trained.length + typed.canaries
  const plan = makePlan(requestOf(typed, places), { task, trainRows: places, heldOutRows: 0 })
  const { promptLength, steps } = plan
  const { fileBudget } = typed
  const runId = await book.reserve(plan, dealt.setOf(selected.rows), {
    dataName: basename(typed.dataFile),
    fileBudget,
    purpose: 'audit',
  })
  const engine = await openHostEngine({ backend: typed.backend })
  const line = progressLine()
  try {
    const { contextLength, vocabulary } = await engine.load('student', model.files)
    const request = { task, tokenizer, contextLength, promptLength }
    const rows = await encodeRows(
      { rows: trained },
      { ...request, coins: () => false },
      { onProgress: (done, total) => line.show(`audit: read ${done} of ${total} rows`) },
    )
    const encoder = createEncoder(request)
    const prompt = await startPrompt({ engine, encoder, vocabulary, promptLength, start: { kind: 'text' } })
    const started = performance.now()
    const report = await auditWithTexts(
      {
        engine,
        plan,
        labelTokens,
        rows: rows.encoded.map((encoded, row) => ({ encoded, label: rows.labels[row] ?? 0 })),
        canaries: madeUpTexts(typed.canaries, labelTokens.length).map(({ text, label }) => ({
          encoded: encoder.encode(text),
          label,
        })),
        prompt,
        delta: plan.privacy?.delta ?? PLAIN_DELTA,
      },
      async (spent) => {
        await book.ledger.spend(runId, spent)
        line.show(`audit: step ${spent} of ${steps}`)
      },
    )
    line.end(`audit: ${steps} steps in ${duration((performance.now() - started) / 1000)}`)
    return report
  } finally {
    await engine.close()
    await book.ledger.end(runId)
  }
}

export function textWords(report: TextAuditReport): string[] {
  const { canaries, guesses, correct, epsilonLower, confidence, epsilon, delta, rows, steps, batchSize } = report
  const most =
    epsilon === null
      ? 'there is no guarantee without differential privacy'
      : `the guarantee is at most ${epsilon.toPrecision(4)}`
  return [
    `${canaries} made-up texts among ${rows} rows, each in or out by coin; ${steps} steps of ${batchSize}`,
    `  ${correct} of ${guesses} guesses about them were right`,
    `  ε is at least ${epsilonLower.toFixed(3)} at δ = ${delta} (${100 * confidence} % sure); ${most}`,
  ]
}
