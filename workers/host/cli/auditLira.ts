/** `softpost audit --lira`: which rows a prompt saw, guessed from prompts that were tuned for the guess. */
import process from 'node:process'
import { attackPlan, attackRows } from '../../evaluate/attackPlan.ts'
import { attackMembership, requireAttack } from '../../evaluate/membership.ts'
import { cryptoRandom } from '../../privacy/random.ts'
import type { AttackReport, Estimate } from '../../protocol/audit.ts'
import { createEncoder } from '../../task/encoder.ts'
import { encodeRows } from '../../tune/prepare.ts'
import { startPrompt } from '../../tune/prompt.ts'
import { openHostEngine } from '../openEngine.ts'
import { NAME, type LiraArguments } from './auditArguments.ts'
import { readInputs, requestOf, type AuditInputs } from './auditInputs.ts'
import { duration, progressLine } from './progress.ts'
import { openTuneLedger } from './tuneLedger.ts'

/** The figures are exact ones of real rows: that they were seen is noted in the ledger before they are shown. */
export async function attackRowsOf(typed: LiraArguments): Promise<AttackReport> {
  const { dataFile, ledgerFile } = typed
  const inputs = await readInputs(typed)
  const book = await openTuneLedger({ ledgerFile, dataFile, folder: { out: dataFile } }, NAME)
  try {
    const dealt = await book.deal(inputs.examples, { share: 0, isGiven: false, dp: false, random: cryptoRandom })
    const report = await attack(typed, inputs)
    await book.ledger.markSeen(dealt.setOf(inputs.selected.rows))
    process.stderr.write(`${NAME}: certificates of prompts from these rows will say that exact figures were seen\n`)
    return report
  } finally {
    book.close()
  }
}

async function attack(
  typed: LiraArguments,
  { task, selected, model, tokenizer, labelTokens }: AuditInputs,
): Promise<AttackReport> {
  const count = Math.min(typed.rows, selected.rows.length)
  requireAttack(typed.shadows, count)
  const plan = attackPlan(requestOf(typed, count), { task, rows: count })
  const { promptLength } = plan
  const engine = await openHostEngine({ backend: typed.backend })
  const line = progressLine()
  try {
    const { contextLength, vocabulary } = await engine.load('student', model.files)
    const request = { task, tokenizer, contextLength, promptLength }
    const all = await encodeRows(
      selected,
      { ...request, coins: () => false },
      { onProgress: (done, total) => line.show(`audit: read ${done} of ${total} rows`) },
    )
    const encoder = createEncoder(request)
    const prompt = await startPrompt({ engine, encoder, vocabulary, promptLength, start: { kind: 'text' } })
    const started = performance.now()
    const seconds = (): number => (performance.now() - started) / 1000
    const { shadows } = typed
    const found = await attackMembership(
      { engine, plan, labelTokens, rows: attackRows(all, count), prompt, shadows },
      {
        onProgress: (share) => {
          const left = share === 0 ? null : (seconds() / share) * (1 - share)
          line.show(`audit: prompt ${Math.floor(share * shadows) + 1} of ${shadows}, about ${duration(left)} left`)
        },
      },
    )
    line.end(`audit: ${shadows} prompts in ${duration(seconds())}`)
    return found
  } finally {
    await engine.close()
  }
}

export function liraWords({ shadows, rows, steps, batchSize, epsilon, delta, ...figures }: AttackReport): string[] {
  const budget =
    epsilon === null ? 'without differential privacy' : `with ε = ${epsilon.toPrecision(4)} at δ = ${delta}`
  return [
    `attack on ${shadows} prompts of half of ${rows} rows each, ${steps} steps of ${batchSize}, ${budget}`,
    `  AUC             ${words(figures.auc)}  (0.5 is guessing)`,
    `  found at 1 %    ${words(figures.tprAt1)}  (0.01 is guessing; ${figures.ceilingAt1.toFixed(3)} is the most that ε allows)`,
    `  ln ratio        ${words(figures.lnRatio)}  (0 is guessing)`,
  ]
}

function words({ value, low, high }: Estimate): string {
  return `${value.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`
}
