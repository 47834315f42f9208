/**
 * The likelihood ratio attack on the sample, with and without differential privacy: the numbers of a usual run on 200
 * rows, 16 prompts each. Half an hour on two cores, so behind LONG=1; its figures go to docs/privacy.md.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { attackRowsOf, liraWords } from '../../workers/host/cli/auditLira.ts'
import { readArguments } from '../../workers/host/cli/auditArguments.ts'
import type { AttackReport } from '../../workers/protocol/audit.ts'
import { DEMO_STUDENT } from '../unit/model/support.ts'

const sample = (name: string) => fileURLToPath(new URL(`../../public/samples/${name}`, import.meta.url))
const SAMPLE = {
  '--model': DEMO_STUDENT,
  '--task': sample('banking-task.json'),
  '--data': sample('banking.csv'),
  '--backend': 'wasm',
}

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'softpost-lira-'))
})
afterAll(async () => await rm(folder, { recursive: true }))

async function attack(...options: string[]): Promise<AttackReport> {
  const { lira } = readArguments([
    '--lira',
    '--ledger',
    join(folder, 'ledger'),
    ...Object.entries(SAMPLE).flat(),
    ...options,
  ])
  if (lira === null) throw new Error('no attack was asked for')
  const report = await attackRowsOf(lira)
  process.stdout.write(`${liraWords(report).join('\n')}\n`)
  return report
}

test.skipIf(process.env['LONG'] !== '1')(
  'finds rows that a prompt without privacy was tuned on, and hardly any behind ε = 8',
  async () => {
    const plain = await attack('--no-dp')
    const covered = await attack('--epsilon', '8')
    expect(plain.auc.low).toBeGreaterThan(0.5)
    expect(covered.auc.value).toBeLessThan(plain.auc.value)
    expect(covered.tprAt1.value).toBeLessThan(covered.ceilingAt1)
  },
  3 * 60 * 60_000,
)
