/** Cells that guess who was in the data: of a student's prompt, and of a model's training texts. */
import type { GuessFigures } from '../../privacy/audit/roc.ts'
import { cryptoRandom } from '../../privacy/random.ts'
import { createEncoder } from '../../task/encoder.ts'
import { startPrompt } from '../../tune/prompt.ts'
import { attackPlan, attackRows } from '../attackPlan.ts'
import { attackMembership } from '../membership.ts'
import { judgeLeakage, minKScore } from '../minK.ts'
import type { Cell } from './cells.ts'
import { spent } from './cost.ts'
import { requestFor } from './prompts.ts'
import { needsClasses } from './needsClasses.ts'
import type { CellResult, Cost, StudyData, StudyGround } from './types.ts'

/** Shadow prompts and rows of an attack where the plan does not say. */
const ATTACK = { shadows: 16, rows: 400 } as const

/** The likelihood ratio attack on prompts of the student. */
export async function attackPrompt(ground: StudyGround, cell: Cell, data: StudyData): Promise<CellResult> {
  const { engine, tokenizer } = ground
  const { task, labelTokens, train } = data
  if (labelTokens === null) throw needsClasses(cell.method)
  const { student, settings } = cell
  const { contextLength, vocabulary } = await ground.load('student', { student: student ?? '' })
  const count = Math.min(settings.attackRows ?? ATTACK.rows, train.length)
  const shadows = settings.shadows ?? ATTACK.shadows
  const plan = attackPlan(requestFor(cell, count), { task, rows: count })
  const { promptLength } = plan
  const encoder = createEncoder({ task, tokenizer, contextLength, promptLength })
  const rows = {
    encoded: train.map(({ text }) => encoder.encode(text)),
    labels: Int32Array.from(train, ({ classIndex }) => classIndex),
    heldOut: new Uint8Array(train.length),
  }
  const prompt = await startPrompt({ engine, encoder, vocabulary, promptLength, start: { kind: 'text' } })
  const stop = spent()
  const report = await attackMembership(
    { engine, plan, labelTokens, rows: attackRows(rows, count), prompt, shadows },
    { onProgress: (share) => ground.onProgress(`attack, ${Math.round(100 * share)} % done`) },
  )
  const { auc, tprAt1, epsilon } = report
  return attackResult(ground, cell, { n: count, auc, tprAt1, epsilon, cost: stop(0) })
}

/** Tokens of a text that are looked at: as many of those of members as of the others. */
const LEAKAGE_TOKENS = 64

/** Min-K% on a model. */
export async function attackTraining(ground: StudyGround, cell: Cell): Promise<CellResult> {
  const { members, others } = await ground.texts(cell.task)
  const sequences = [...members, ...others].map((text) =>
    Int32Array.from(ground.tokenizer.encode(text).slice(0, LEAKAGE_TOKENS)),
  )
  const stop = spent()
  const losses = await ground.textLosses(cell.student === null ? 'teacher' : { student: cell.student }, sequences)
  const scores = losses.map(minKScore)
  const figures = judgeLeakage(
    { members: scores.slice(0, members.length), others: scores.slice(members.length) },
    cryptoRandom,
  )
  return attackResult(ground, cell, { n: sequences.length, ...figures, epsilon: null, cost: stop(0) })
}

type AttackFigures = Pick<GuessFigures, 'auc' | 'tprAt1'> & {
  readonly n: number
  readonly epsilon: number | null
  readonly cost: Cost
}

function attackResult(ground: StudyGround, cell: Cell, { n, auc, tprAt1, epsilon, cost }: AttackFigures): CellResult {
  return {
    cell,
    backend: ground.engine.report.backend,
    n,
    accuracy: null,
    macroF1: null,
    recall: null,
    attack: { auc: auc.value, tprAt1: tprAt1.value },
    epsilon,
    alpha: null,
    publicLoss: null,
    cost: { tune: null, transfer: null, measure: cost },
  }
}
