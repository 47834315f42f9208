/** The membership attack on a run, in this worker, while a person watches. Its figures stay on this device. */
import { ATTACK_ROWS, attackPlan, attackRows } from '../evaluate/attackPlan.ts'
import { attackMembership } from '../evaluate/membership.ts'
import type { AttackReport, AuditProgress } from '../protocol/audit.ts'
import { SoftpostError } from '../protocol/errors.ts'
import { requestOf } from '../tune/plan.ts'
import { startPrompt } from '../tune/prompt.ts'
import { openControl } from './control.ts'
import type { StoredRun } from './storage/schema.ts'
import type { Workspace } from './workspace.ts'

/** Few enough that a person waits for them: minutes on a slow device. */
const ATTACK = { shadows: 8, steps: 60 } as const

/**
 * Errors: `conflict` where the run's file and task are not open, `usage` for a file of too few rows, `cancelled`.
 */
export async function attackRun(workspace: Workspace, run: StoredRun, port: MessagePort): Promise<AttackReport> {
  const control = openControl<AuditProgress>(port, 'the attack was stopped; your prompt and your runs are untouched')
  const open = workspace.openTask()
  if (open.dataName !== run.dataName || JSON.stringify(open.task) !== JSON.stringify(run.plan.task)) {
    throw new SoftpostError('conflict', `the run is about ${run.dataName} and its task; open both again to attack it`)
  }
  const { labelTokens } = open
  if (labelTokens === null) {
    throw new SoftpostError('task-invalid', 'the attack is for tasks of classes; this one has answers that are texts')
  }
  const { promptLength } = run.plan
  const rows = attackRows(await open.encode(promptLength), ATTACK_ROWS)
  const { batchSize: _batchSize, ...knobs } = requestOf(run.plan)
  const plan = attackPlan(
    { ...knobs, steps: Math.min(run.plan.steps, ATTACK.steps), checkpointEvery: 5 },
    { task: open.task, rows: rows.encoded.length },
  )
  const { engine, report } = workspace.student
  const encoder = workspace.encoder(open.task, promptLength)
  const { vocabulary } = report
  const prompt = await startPrompt({ engine, encoder, vocabulary, promptLength, start: { kind: 'text' } })
  return await attackMembership(
    { engine, plan, labelTokens, rows, prompt, shadows: ATTACK.shadows },
    { onProgress: (share) => control.reportNowAndThen({ share }) },
  )
}
