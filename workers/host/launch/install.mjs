/** Installs the packages where they are missing, half there, or not those of package-lock.json. */
import { createHash } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { LaunchError } from './error.mjs'
import { withLock } from './lock.mjs'
import { inRoot } from './paths.mjs'
import { run } from './process.mjs'
import { inSeconds, say } from './say.mjs'

/** Written after an install has ended well; npm removes it with the folder when the next one begins. */
const STAMP = inRoot('node_modules', '.softpost-install')

/**
 * What an install depends on. A folder that was copied from another kind of machine is not ours.
 * @param {{ lock: string | Uint8Array, platform: string, arch: string }} facts
 */
export function installStamp({ lock, platform, arch }) {
  return `${createHash('sha256').update(lock).digest('hex')} ${platform} ${arch}\n`
}

export async function ensureInstalled() {
  if (isInstalled()) return
  await withLock('install', async () => {
    // Another process may have done it while this one waited.
    if (!isInstalled()) await install()
  })
}

function wantedStamp() {
  const { platform, arch } = process
  return installStamp({ lock: readFileSync(inRoot('package-lock.json')), platform, arch })
}

function isInstalled() {
  try {
    return readFileSync(STAMP, 'utf8') === wantedStamp()
  } catch {
    // No stamp: nothing was installed, or it was cut short.
    return false
  }
}

async function install() {
  const began = performance.now()
  const stamp = wantedStamp()
  say('installing packages (npm ci; a minute or so the first time)')
  rmSync(STAMP, { force: true })
  // A quiet or production npm above us must not hide errors or leave the build tools out.
  const options = ['--loglevel=error', '--include=dev', '--include=optional', '--no-audit', '--no-fund']
  const code = await run([...npm(), 'ci', ...options], { output: 'stderr', withInput: false })
  if (code !== 0) throw new LaunchError(`npm ci failed (exit code ${code}); see above, then try again`)
  writeFileSync(STAMP, stamp)
  say(`packages are installed (${inSeconds(performance.now() - began)})`)
}

/** The npm that runs us, or the one that came with this Node. */
function npm() {
  const running = process.env['npm_execpath']
  if (running !== undefined && /npm-cli\.c?js$/.test(running)) return [process.execPath, running]
  if (process.platform !== 'win32') return ['npm']
  // npm.cmd would need a shell.
  return [process.execPath, join(dirname(process.execPath), 'node_modules', 'npm', 'bin', 'npm-cli.js')]
}
