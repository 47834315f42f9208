/** Which Node runs us: 24, or on Linux x64 any from 20.19 on, since the packages bring a 24 there. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter } from 'node:path'
import process from 'node:process'
import { LaunchError } from './error.mjs'
import { inRoot } from './paths.mjs'

/** Runs TypeScript files as they are, and every package here supports it. */
const WANTED = [24, 0]
/** The first that runs npm ci and this launcher. */
const STARTER = [20, 19]

/** @param {string} version @param {readonly number[]} wanted */
export function isAtLeast(version, [wantedMajor = 0, wantedMinor = 0]) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)
}

/**
 * What is wrong with this Node, or null.
 * @param {{ version: string, platform: string, arch: string }} node
 */
export function whatNodeLacks({ version, platform, arch }) {
  const bringsNode = platform === 'linux' && arch === 'x64'
  const needed = bringsNode ? STARTER : WANTED
  if (isAtLeast(version, needed)) return null
  const extra = bringsNode ? '' : ` on ${platform} ${arch}`
  return `Node ${version} is too old; Softpost needs ${needed.join('.')} or newer${extra}. Get it from https://nodejs.org`
}

export function checkNode() {
  const { platform, arch, versions } = process
  const lack = whatNodeLacks({ version: versions.node, platform, arch })
  if (lack !== null) throw new LaunchError(lack)
}

/** The installed tools, and the Node that came with them, before the machine's. */
export function searchInstalledFirst() {
  const folder = inRoot('node_modules', '.bin')
  const path = process.env['PATH'] ?? ''
  if (path.split(delimiter)[0] !== folder) process.env['PATH'] = `${folder}${delimiter}${path}`
}

/** The Node to run under: this one where it is new enough, else the one that the packages brought. */
export function chooseNode() {
  if (isAtLeast(process.versions.node, WANTED)) return process.execPath
  const brought = inRoot('node_modules', '.bin', 'node')
  // It may be there and not run: it is built against glibc.
  if (existsSync(brought) && spawnSync(brought, ['--version']).status === 0) return brought
  throw new LaunchError(
    `Node ${process.versions.node} is too old and the packages brought none that runs here; install Node 24 from https://nodejs.org`,
  )
}
