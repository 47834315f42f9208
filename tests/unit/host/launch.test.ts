import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { backportsSource } from '../../../workers/host/launch/apt.mjs'
import { installStamp } from '../../../workers/host/launch/install.mjs'
import { isAtLeast, whatNodeLacks } from '../../../workers/host/launch/node.mjs'
import { hashSources } from '../../../workers/host/launch/site.mjs'
import { temporaryFolder } from '../../server/support/folders.ts'

describe('the Node that is needed', () => {
  test.each<[string, readonly number[], boolean]>([
    ['20.19.0', [20, 19], true],
    ['20.18.9', [20, 19], false],
    ['21.0.0', [20, 19], true],
    ['9.99.0', [20, 19], false],
    ['24.0.0', [24, 0], true],
    ['100.0.0', [24, 0], true],
  ])('%s against %j: %s', (version, wanted, enough) => {
    expect(isAtLeast(version, wanted)).toBe(enough)
  })

  test('an old one starts on Linux x64 alone, where the packages bring a newer', () => {
    expect(whatNodeLacks({ version: '20.19.0', platform: 'linux', arch: 'x64' })).toBeNull()
    expect(whatNodeLacks({ version: '20.18.0', platform: 'linux', arch: 'x64' })).toContain('needs 20.19 or newer')
    expect(whatNodeLacks({ version: '22.0.0', platform: 'darwin', arch: 'arm64' })).toMatch(
      /Node 22\.0\.0 .* needs 24\.0 or newer on darwin arm64/,
    )
    expect(whatNodeLacks({ version: '24.1.0', platform: 'win32', arch: 'x64' })).toBeNull()
  })
})

test('an install is for one lock file and one kind of machine', () => {
  const here = { lock: '{"a":1}', platform: 'linux', arch: 'x64' }
  const stamp = installStamp(here)
  expect(installStamp({ ...here, lock: Buffer.from(here.lock) })).toBe(stamp)
  expect(installStamp({ ...here, lock: '{"a":2}' })).not.toBe(stamp)
  expect(installStamp({ ...here, platform: 'darwin' })).not.toBe(stamp)
  expect(installStamp({ ...here, arch: 'arm64' })).not.toBe(stamp)
})

describe('the hash of the sources', () => {
  const which = { sources: ['index.html', 'src', 'absent'], without: 'src/host' }

  test('follows every change of what is built, and nothing else', async () => {
    await using folder = await temporaryFolder()
    const at = (...parts: readonly string[]) => join(folder.path, ...parts)
    const hash = () => hashSources(folder.path, which)
    mkdirSync(at('src', 'host'), { recursive: true })
    writeFileSync(at('index.html'), 'page')
    writeFileSync(at('src', 'a.ts'), 'a')
    const first = hash()
    expect(hash()).toBe(first)

    writeFileSync(at('src', 'host', 'main.ts'), 'host alone')
    writeFileSync(at('README.md'), 'not a source')
    expect(hash()).toBe(first)

    writeFileSync(at('src', 'a.ts'), 'b')
    const changed = hash()
    expect(changed).not.toBe(first)
    writeFileSync(at('src', 'b.ts'), '')
    const added = hash()
    expect([first, changed]).not.toContain(added)
    rmSync(at('src', 'b.ts'))
    expect(hash()).toBe(changed)
    writeFileSync(at('absent'), 'there now')
    expect(hash()).not.toBe(changed)
  })

  test('sees a file that only changes its name', async () => {
    await using folder = await temporaryFolder()
    mkdirSync(join(folder.path, 'src'))
    writeFileSync(join(folder.path, 'src', 'a.ts'), 'same')
    const before = hashSources(folder.path, which)
    rmSync(join(folder.path, 'src', 'a.ts'))
    writeFileSync(join(folder.path, 'src', 'c.ts'), 'same')
    expect(hashSources(folder.path, which)).not.toBe(before)
  })
})

describe('the source of backports', () => {
  const debian = 'NAME="Debian GNU/Linux"\nVERSION_CODENAME=bookworm\nID=debian\n'
  const stanza = [
    '# written by the image',
    'Types: deb',
    'URIs: http://mirror.example/debian',
    'Suites: bookworm bookworm-updates',
    'Components: main',
    'Signed-By: /usr/share/keyrings/key.gpg',
  ].join('\n')
  const security = stanza.replace('bookworm bookworm-updates', 'bookworm-security').replace('/debian', '/security')

  test('is the stanza of the release under another suite', () => {
    expect(backportsSource([`${security}\n\n${stanza}\n`], debian)).toEqual({
      suite: 'bookworm-backports',
      text: [
        'Types: deb',
        'URIs: http://mirror.example/debian',
        'Suites: bookworm-backports',
        'Components: main',
        'Signed-By: /usr/share/keyrings/key.gpg\n',
      ].join('\n'),
    })
  })

  test('is taken from the older format too', () => {
    const list = [
      'deb http://mirror.example/security bookworm-security main',
      'deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main contrib',
    ].join('\n')
    expect(backportsSource(['', list], debian)?.text).toBe(
      'Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm-backports\nComponents: main\nSigned-By: /k.gpg\n',
    )
  })

  test('is none where the release is not listed, or is not Debian', () => {
    expect(backportsSource([security], debian)).toBeNull()
    expect(backportsSource([stanza], debian.replace('ID=debian', 'ID=ubuntu'))).toBeNull()
    expect(backportsSource([stanza], 'ID=debian\n')).toBeNull()
  })
})
