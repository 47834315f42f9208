import { describe, expect, test } from 'vitest'
import { COMMANDS, main, type CommandTable } from '../../../workers/host/cli/main.ts'
import { nearestName } from '../../../workers/host/cli/nearestName.ts'
import { SoftpostError } from '../../../workers/protocol/errors.ts'

/** Runs a command line and keeps what it printed. */
async function runLine(args: readonly string[], options: { commands?: CommandTable; debug?: boolean } = {}) {
  const printed = { out: '', err: '' }
  const output = {
    out: (text: string) => void (printed.out += text),
    err: (text: string) => void (printed.err += text),
  }
  const code = await main(args, output, options)
  return { code, ...printed }
}

/** A command that does as told, beside the real ones. */
function throwing(error: unknown): CommandTable {
  return {
    ...COMMANDS,
    fail: async () => ({
      name: 'fail',
      summary: 'fails',
      help: 'Usage: softpost fail\n',
      run: async () => {
        throw error
      },
    }),
  }
}

describe('help', () => {
  test('lists every command with its summary, on standard output', async () => {
    const { code, out, err } = await runLine(['--help'])
    expect([code, err]).toEqual([0, ''])
    for (const name of Object.keys(COMMANDS)) expect(out).toMatch(new RegExp(`^  ${name} +\\S`, 'm'))
  })

  test.each(Object.keys(COMMANDS))('of %s, asked for in three ways, is the same', async (name) => {
    const { code, out } = await runLine([name, '--help'])
    expect(code).toBe(0)
    expect(out).toMatch(new RegExp(`^Usage: softpost ${name} `))
    expect((await runLine([name, '-h'])).out).toBe(out)
    expect((await runLine(['help', name])).out).toBe(out)
  })

  test.each(Object.entries(COMMANDS))('%s stands under its own name', async (name, load) => {
    expect((await load()).name).toBe(name)
  })

  test('the version is that of the package', async () => {
    expect(await runLine(['--version'])).toEqual({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), err: '' })
  })
})

describe('errors', () => {
  test('no command is a usage error', async () => {
    const { code, out, err } = await runLine([])
    expect([code, out]).toEqual([2, ''])
    expect(err).toBe('softpost: say which command; softpost --help lists them\n')
  })

  test('an unknown command names the one that was meant', async () => {
    const { code, err } = await runLine(['srve', '--json'])
    expect(code).toBe(2)
    expect(err).toBe('softpost: there is no command "srve"; did you mean serve?\n')
  })

  test.each(['quux', 'constructor', '__proto__'])('%s is like none', async (name) => {
    const { code, err } = await runLine([name])
    expect(code).toBe(2)
    expect(err).toBe(`softpost: there is no command "${name}"; softpost --help lists them\n`)
  })

  test('a wrong option is a usage error of one line, with --json too', async () => {
    const { code, out, err } = await runLine(['student', '--bad', '--json'])
    expect([code, out]).toEqual([2, ''])
    expect(err).toMatch(/^softpost: .*--bad.*student --help\n$/)
  })

  test.each<[string, unknown, string, number]>([
    ['ours', new SoftpostError('one-class', 'data.csv: one class'), 'data.csv: one class', 1],
    ['a usage error', new SoftpostError('usage', 'fail: no --out'), 'fail: no --out', 2],
    ['ours with several lines', new SoftpostError('internal', 'first\n  second\n'), 'first second', 1],
    ['not ours', new TypeError('x is undefined\nat y'), 'x is undefined', 1],
    ['no error at all', 'just text', 'just text', 1],
  ])('%s prints one line', async (_, error, line, code) => {
    expect(await runLine(['fail'], { commands: throwing(error) })).toEqual({
      code,
      out: '',
      err: `softpost: ${line}\n`,
    })
  })

  test('the stack is there for who asks', async () => {
    const { err } = await runLine(['fail'], { commands: throwing(new TypeError('x')), debug: true })
    expect(err).toMatch(/^softpost: x\nTypeError: x\n\s+at /)
  })
})

describe('the nearest name', () => {
  const names = ['serve', 'student', 'transfer']

  test.each([
    ['serv', 'serve'],
    ['sreve', 'serve'],
    ['tranfser', 'transfer'],
    ['serve', 'serve'],
    ['swerver', 'serve'],
  ])('of %s is %s', (typed, near) => {
    expect(nearestName(typed, names)).toBe(near)
  })

  test.each(['', 'xyz', 'transmit it'])('of "%s" is none', (typed) => {
    expect(nearestName(typed, names)).toBeNull()
  })
})
