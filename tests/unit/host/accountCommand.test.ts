import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { epsilonOf, epsilonOfRuns } from '../../../workers/privacy/accountant/accountant.ts'
import { calibrateSigma } from '../../../workers/privacy/accountant/calibrate.ts'
import { epsilonOfGroup } from '../../../workers/privacy/accountant/group.ts'
import { accountCommand } from '../../../workers/host/cli/account.ts'
import { calibrateCommand } from '../../../workers/host/cli/calibrate.ts'
import type { Command } from '../../../workers/host/cli/command.ts'
import { rejectionOf } from '../model/support.ts'

const folder = mkdtempSync(join(tmpdir(), 'softpost-account-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function printed(command: Command, line: string): Promise<string> {
  const written: string[] = []
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text))
    return true
  })
  try {
    expect(await command.run(line.split(' '))).toBe(0)
    return written.join('')
  } finally {
    out.mockRestore()
  }
}

async function report(command: Command, line: string): Promise<Record<string, unknown>> {
  return JSON.parse(await printed(command, `${line} --json`)) as Record<string, unknown>
}

const RUN = { sampleRate: 0.0152, sigma: 1, steps: 330 }
const RUN_LINE = '--q 0.0152 --sigma 1 --steps 330 --delta 1e-5'

function runsFile(content: string): string {
  const path = join(folder, `${crypto.randomUUID()}.json`)
  writeFileSync(path, content)
  return path
}

describe('softpost account', () => {
  test('prints what each computation says', async () => {
    const found = await report(accountCommand, RUN_LINE)
    expect(found).toMatchObject({
      epsilon: epsilonOf({ ...RUN, delta: 1e-5 }),
      delta: 1e-5,
      accountant: 'softpost-pld-1',
    })
    expect(found['epsilonRemove']).toBe(found['epsilon'])
    expect(found['epsilonAdd']).toBeLessThan(Number(found['epsilon']))
    expect(found['rdpEpsilon']).toBeGreaterThan(Number(found['epsilon']))
    expect(found['contourRemove']).toBeLessThan(Number(found['epsilon']))
    expect(await printed(accountCommand, RUN_LINE)).toMatch(/^ε = 1\.72028 at δ = 0\.00001\n/)
  })

  test('composes the runs of a file', async () => {
    const file = runsFile(
      '[{"q": 0.0152, "sigma": 1, "steps": 330, "note": "first"}, {"q": 1, "sigma": 20, "steps": 10}]',
    )
    const { epsilon } = await report(accountCommand, `--runs ${file} --delta 1e-5`)
    // Compiled code may round the last digit of a step's spectrum another way than code that is not compiled yet.
    expect(epsilon).toBeCloseTo(epsilonOfRuns([RUN, { sampleRate: 1, sigma: 20, steps: 10 }], 1e-5), 7)
    expect((await report(accountCommand, `--runs ${runsFile('[]')} --delta 1e-5`))['epsilon']).toBe(0)
  })

  test('says ε of a person with several rows when asked', async () => {
    const { groupEpsilon } = await report(accountCommand, `${RUN_LINE} --group 3`)
    expect(groupEpsilon).toBe(epsilonOfGroup([{ ...RUN, rows: 3 }], 1e-5))
    expect(await printed(accountCommand, `${RUN_LINE} --group 3`)).toContain('a person in 3 rows: ε = 5.86929')
  })

  test('writes infinity as a string', async () => {
    const found = await report(accountCommand, '--q 0.5 --sigma 0 --steps 3 --delta 1e-5')
    expect(found).toMatchObject({ epsilon: 'Infinity', epsilonRemove: 'Infinity', epsilonAdd: 'Infinity' })
  })

  test.each([
    '',
    '--q 0.1 --sigma 1 --steps 3',
    '--q 1.1 --sigma 1 --steps 3 --delta 1e-5',
    '--q 0.1 --sigma -1 --steps 3 --delta 1e-5',
    '--q 0.1 --sigma 1 --steps 1.5 --delta 1e-5',
    '--q 0.1 --sigma 1 --steps 3 --delta 1',
    '--q 0.1 --sigma one --steps 3 --delta 1e-5',
    '--q 0.1 --sigma 1 --steps 3 --delta 1e-5 --group 65',
    '--q 0.1 --runs runs.json --delta 1e-5',
    '--runs missing.json --delta 1e-5',
    '--wrong 3',
  ])('refuses "%s"', async (line) => {
    await rejectionOf('usage', accountCommand.run(line.split(' ').filter(Boolean)))
  })

  test.each(['{"q": 1}', 'no json', '[{"q": 2, "sigma": 1, "steps": 1}]', '[{"q": 0.5, "sigma": 1}]'])(
    'refuses a file of %s',
    async (content) => {
      await rejectionOf('usage', accountCommand.run(['--runs', runsFile(content), '--delta', '1e-5']))
    },
  )
})

describe('softpost calibrate', () => {
  test('prints σ for ε, and what it comes to', async () => {
    const { sigma, epsilon } = await report(calibrateCommand, '--epsilon 2 --q 0.0152 --steps 330 --delta 1e-5')
    expect(sigma).toBe(calibrateSigma({ epsilon: 2, sampleRate: 0.0152, steps: 330, delta: 1e-5 }))
    expect(epsilon).toBe(epsilonOf({ ...RUN, sigma: Number(sigma), delta: 1e-5 }))
  })

  test('prints the steps for ε and σ', async () => {
    expect(await report(calibrateCommand, '--epsilon 2 --q 0.0152 --sigma 1 --delta 1e-5')).toMatchObject({
      steps: 464,
    })
    expect(await printed(calibrateCommand, '--epsilon 2 --q 0.0152 --sigma 1 --delta 1e-5')).toMatch(/^464 steps/)
  })

  test('writes infinity as a string', async () => {
    const unreachable = await report(calibrateCommand, '--epsilon 1e-4 --q 1 --steps 100000 --delta 1e-9')
    expect(unreachable).toMatchObject({ sigma: 'Infinity', epsilon: null })
    const unlimited = await report(calibrateCommand, '--epsilon 1 --q 0 --sigma 1 --delta 1e-5')
    expect(unlimited).toMatchObject({ steps: 'Infinity', epsilon: null })
  })

  test.each([
    '--epsilon 0 --q 0.1 --steps 3 --delta 1e-5',
    '--epsilon 1 --q 0.1 --delta 1e-5',
    '--epsilon 1 --q 0.1 --steps 3 --sigma 1 --delta 1e-5',
    '--q 0.1 --steps 3 --delta 1e-5',
  ])('refuses "%s"', async (line) => {
    await rejectionOf(
      'usage',
      Promise.resolve().then(() => calibrateCommand.run(line.split(' '))),
    )
  })
})
