import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { packPrompt, promptName } from '../../../src/engine/promptFile.ts'
import { curlSnippet, pythonSnippet } from '../../../src/features/use/snippets.ts'
import { makeRelease } from './support.ts'

describe('a prompt as one file', () => {
  it('holds the PEFT folder and the certificate under one name', () => {
    const { adapterConfig, adapterModel, certificate } = makeRelease()
    const text = new TextDecoder('latin1').decode(packPrompt({ name: 'p', adapterConfig, adapterModel, certificate }))
    for (const name of ['p/adapter_config.json', 'p/adapter_model.safetensors', 'p/certificate.json']) {
      // Once before the file and once in the directory at the end.
      expect(text.split(name)).toHaveLength(3)
    }
    expect(text).toContain('"softpost-certificate"')
  })

  it('has a name that any system takes, and that tells a prompt without a privacy limit', () => {
    expect(promptName('prompt-my file/ε?.csv', true)).toBe('prompt-my-file-csv')
    expect(promptName('prompt-a', false)).toBe('prompt-a-no-privacy')
    expect(promptName('///', true)).toBe('prompt')
  })
})

const parts = { endpoint: 'https://host.example/api/', jobId: 'a b/c', answers: 'classes', withKey: true } as const

describe('lines to copy', () => {
  it('name the address, and the key by its variable only', () => {
    for (const text of [curlSnippet(parts), pythonSnippet(parts)]) {
      expect(text).toContain('https://host.example/api/v1/prompts/a%20b%2Fc/classify')
      expect(text).toContain('SOFTPOST_KEY')
    }
    expect(curlSnippet({ ...parts, answers: 'texts' })).toContain('a%20b%2Fc/generate')
    expect(curlSnippet({ ...parts, withKey: false })).not.toContain('Authorization')
    expect(pythonSnippet({ ...parts, withKey: false })).not.toContain('Authorization')
  })

  it.skipIf(!has('sh', '-c', ':'))('are valid for the shell', () => {
    const script = curlSnippet(parts).replace(/^curl/, "printf '%s\\n'")
    const env = { SOFTPOST_KEY: 'k', PATH: process.env['PATH'] ?? '' }
    const words = execFileSync('sh', ['-c', script], { encoding: 'utf8', env }).trim().split('\n')
    expect(words).toContain('Authorization: Bearer k')
    expect(JSON.parse(words.at(-1) ?? '')).toEqual({ texts: ['Best sandwich in town.'] })
  })

  it.skipIf(!has('python3', '--version'))('are valid Python', () => {
    const check = 'import ast, sys; [ast.parse(program) for program in sys.stdin.read().split(chr(0))]'
    const input = (['classes', 'texts'] as const)
      .flatMap((answers) => [true, false].map((withKey) => pythonSnippet({ ...parts, answers, withKey })))
      .join('\0')
    expect(() => execFileSync('python3', ['-c', check], { input })).not.toThrow()
  })
})

function has(program: string, ...args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
