import process from 'node:process'
import { describe, expect, test, vi } from 'vitest'
import { auditCommand } from '../../../workers/host/cli/audit.ts'
import { readArguments } from '../../../workers/host/cli/auditArguments.ts'
import { CANARY_AUDIT } from '../../../workers/evaluate/canaryAudit.ts'
import { errorOf, rejectionOf } from '../model/support.ts'

async function runLine(args: readonly string[]): Promise<{ readonly code: number; readonly out: string }> {
  const written: string[] = []
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text))
    return true
  })
  try {
    return { code: await auditCommand.run(args), out: written.join('') }
  } finally {
    out.mockRestore()
  }
}

test('the self-test prints its verdicts and its pace', async () => {
  const { code, out } = await runLine(['--self-test', '--json'])
  const report = JSON.parse(out.trimEnd().split('\n').at(-1) ?? '')
  expect(code).toBe(0)
  expect(Object.keys(report)).toEqual(['selfTest'])
  expect(report.selfTest).toMatchObject({ passed: true, draws: 1_000_000 })
  expect(report.selfTest.checks).toHaveLength(11)
  expect(report.selfTest.noiseDrawsPerSecond).toBeGreaterThan(0)
  expect(report.selfTest.sampledRowsPerSecond).toBeGreaterThan(0)
})

test('canaries print what they prove beside the accountant’s ε', async () => {
  const args = ['--canaries', '400', '--guesses', '40', '--q', '0.2', '--sigma', '2', '--steps', '10']
  const { code, out } = await runLine([...args, '--json'])
  const report = JSON.parse(out)
  expect(code).toBe(0)
  expect(report).toEqual({
    canaries: expect.objectContaining({ canaries: 400, guesses: 40, sampleRate: 0.2, sigma: 2, steps: 10 }),
  })
  expect(report.canaries.epsilonLower).toBeLessThan(report.canaries.epsilon)
  expect((await runLine(args)).out).toMatch(/^canaries: \d+ of 40 guesses about 400 made-up rows were right\n/)
})

const LIRA = ['--lira', '--model', 'm', '--task', 't', '--data', 'd']

describe('arguments', () => {
  test('without any both tests are done', () => {
    expect(readArguments([])).toEqual({ selfTest: true, canaries: CANARY_AUDIT, texts: null, lira: null, json: false })
  })

  test('--canaries alone takes the usual number', () => {
    expect(readArguments(['--canaries', '--json'])).toMatchObject({ selfTest: false, canaries: CANARY_AUDIT })
    expect(readArguments(['--self-test', '--canaries'])).toMatchObject({ selfTest: true, canaries: CANARY_AUDIT })
  })

  test('--lira takes the knobs of a run', () => {
    expect(readArguments(LIRA)).toMatchObject({
      selfTest: false,
      canaries: null,
      lira: { shadows: 16, rows: 400, request: { budget: { epsilon: 8, delta: undefined } } },
    })
    expect(readArguments([...LIRA, '--no-dp', '--steps', '30', '--shadows', '8']).lira).toMatchObject({
      shadows: 8,
      request: { budget: null, knobs: { steps: 30 } },
    })
  })

  test('--texts takes a number, and those of a run', () => {
    const typed = readArguments(['--texts', ...LIRA.slice(1), '--ledger', 'l'])
    expect(typed).toMatchObject({ selfTest: false, canaries: null, lira: null })
    expect(typed.texts).toMatchObject({ canaries: 100, ledgerFile: 'l', fileBudget: undefined, dataFile: 'd' })
    errorOf('usage', () => readArguments(['--texts', '50', ...LIRA]))
    errorOf('usage', () => readArguments(['--texts', '50', ...LIRA.slice(1), '--shadows', '8']))
  })

  test('what does not fit is refused', async () => {
    errorOf('usage', () => readArguments(['--self-test', '--sigma', '2']))
    errorOf('usage', () => readArguments(['--canaries', 'many']))
    errorOf('usage', () => readArguments(['--epsilon', '1']))
    errorOf('usage', () => readArguments(['--lira', '--canaries']))
    errorOf('usage', () => readArguments(['--lira', '--model', 'a', '--task', 'b']))
    errorOf('usage', () => readArguments([...LIRA, '--no-dp', '--epsilon', '1']))
    errorOf('usage', () => readArguments([...LIRA, '--guesses', '1']))
    await rejectionOf('privacy-argument', auditCommand.run(['--canaries', '--sigma', '0']))
  })
})
