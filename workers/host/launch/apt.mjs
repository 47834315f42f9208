/** Debian packages for the tests, where we are root and apt is there; elsewhere the person is told what to type. */
import { accessSync, constants, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { run } from './process.mjs'
import { say } from './say.mjs'

const SOURCES_DIR = '/etc/apt/sources.list.d'

/** The first of these programs on PATH. @param {readonly string[]} names */
export function findProgram(names) {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    for (const name of names) {
      const file = join(folder, name)
      if (isExecutable(file)) return file
    }
  }
  return null
}

/** @param {string} file */
export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

export function canInstall() {
  return process.getuid?.() === 0 && findProgram(['apt-get']) !== null
}

/** What to type where we may not. @param {readonly string[]} packages */
export function installCommand(packages) {
  return `sudo apt-get install ${packages.join(' ')}`
}

/**
 * Installs packages; false when apt would not.
 * @param {readonly string[]} packages
 * @param {{ suite?: string }} [options]
 */
export async function install(packages, { suite } = {}) {
  say(`installing ${packages.join(', ')} with apt${suite === undefined ? '' : ` from ${suite}`}`)
  // One source that does not answer fails the update, but the package may well come from another.
  await aptGet(['update'])
  const from = suite === undefined ? [] : ['--target-release', suite]
  return (await aptGet(['install', '--yes', '--no-install-recommends', ...from, ...packages])) === 0
}

/** @param {readonly string[]} args */
async function aptGet(args) {
  return await run(['apt-get', '-qq', '-o', 'DPkg::Lock::Timeout=300', ...args], {
    env: { DEBIAN_FRONTEND: 'noninteractive' },
    output: 'stderr',
    withInput: false,
  })
}

/** Installs packages from Debian's backports, asked for at the host that this machine already takes Debian from. */
export async function installFromBackports(/** @type {readonly string[]} */ packages) {
  const source = backportsSource(readSources(), readFileSync('/etc/os-release', 'utf8'))
  if (source === null) return false
  const file = join(SOURCES_DIR, 'softpost-backports.sources')
  writeFileSync(file, source.text)
  try {
    return await install(packages, { suite: source.suite })
  } finally {
    rmSync(file)
  }
}

function readSources() {
  const files = readdirSync(SOURCES_DIR)
    .filter((name) => /\.(?:list|sources)$/.test(name))
    .map((name) => join(SOURCES_DIR, name))
  return ['/etc/apt/sources.list', ...files].filter(isReadable).map((file) => readFileSync(file, 'utf8'))
}

/** @param {string} file */
function isReadable(file) {
  try {
    accessSync(file, constants.R_OK)
    return true
  } catch {
    return false
  }
}

/**
 * The source of a release's backports, copied from the entry of the release itself; null where there is none.
 * @param {readonly string[]} files contents of apt's source files, in either of its formats
 * @param {string} osRelease
 */
export function backportsSource(files, osRelease) {
  const codename = /^VERSION_CODENAME=(\w+)$/m.exec(osRelease)?.[1]
  if (codename === undefined || !/^ID=debian$/m.test(osRelease)) return null
  const suite = `${codename}-backports`
  for (const content of files) {
    const text = fromStanza(content, { codename, suite }) ?? fromLine(content, { codename, suite })
    if (text !== null) return { suite, text }
  }
  return null
}

/** @typedef {{ codename: string, suite: string }} Release */

/** @param {string} content @param {Release} release */
function fromStanza(content, { codename, suite }) {
  for (const stanza of content.split(/\n\s*\n/)) {
    const lines = stanza.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    const suites = lines.find((line) => /^Suites:/i.test(line))
    if (suites?.split(/\s+/).includes(codename) !== true) continue
    return `${lines.map((line) => (line === suites ? `Suites: ${suite}` : line)).join('\n')}\n`
  }
  return null
}

/** @param {string} content @param {Release} release */
function fromLine(content, { codename, suite }) {
  for (const line of content.split('\n')) {
    const [, options = '', uri, name] = /^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s/.exec(line) ?? []
    if (uri === undefined || name !== codename) continue
    const key = /signed-by=(\S+)/.exec(options)?.[1]
    return `Types: deb\nURIs: ${uri}\nSuites: ${suite}\nComponents: main\n${key === undefined ? '' : `Signed-By: ${key}\n`}`
  }
  return null
}
