/** The built page in dist: made when it is missing or not of these sources. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LaunchError } from './error.mjs'
import { withLock } from './lock.mjs'
import { inRoot, ROOT, WORK_DIR } from './paths.mjs'
import { run } from './process.mjs'
import { inSeconds, say } from './say.mjs'
import { tool } from './tool.mjs'

/** All that the build reads. */
const SOURCES = ['index.html', 'vite.config.ts', 'package-lock.json', 'public', 'src', 'workers']
/** Of the sources, what runs on the host alone. */
const NOT_BUILT = 'workers/host'

const STAMP = join(WORK_DIR, 'site.sha256')

/**
 * One hash over names and contents of files and folders.
 * @param {string} root
 * @param {{ sources: readonly string[], without: string }} which
 */
export function hashSources(root, { sources, without }) {
  const hash = createHash('sha256')
  /** @param {string} path relative to the root, with slashes on every platform */
  const add = (path) => {
    if (path === without) return
    const full = join(root, path)
    const names = listFolder(full)
    if (names !== null) {
      for (const name of names.sort()) add(`${path}/${name}`)
      return
    }
    const bytes = readFileSync(full)
    hash.update(`${path}\0${bytes.length}\0`).update(bytes)
  }
  for (const source of sources) if (existsSync(join(root, source))) add(source)
  return hash.digest('hex')
}

/** @param {string} path */
function listFolder(path) {
  try {
    return readdirSync(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOTDIR') return null
    throw error
  }
}

const currentHash = () => hashSources(ROOT, { sources: SOURCES, without: NOT_BUILT })

function isFresh() {
  return (
    existsSync(inRoot('dist', 'index.html')) &&
    existsSync(STAMP) &&
    readFileSync(STAMP, 'utf8').trim() === currentHash()
  )
}

export async function ensureSite() {
  if (isFresh()) return
  await withLock('build', async () => {
    if (isFresh()) return
    say('building the page')
    const began = performance.now()
    const code = await build([], 'stderr')
    if (code !== 0) throw new LaunchError(`the page was not built (vite's exit code ${code}); see above`)
    say(`the page is built (${inSeconds(performance.now() - began)})`)
  })
}

/** `npm run build`. @param {readonly string[]} args @param {'ours' | 'stderr'} [output] */
export async function buildSite(args, output = 'ours') {
  return await withLock('build', () => build(args, output))
}

/** @param {readonly string[]} args @param {'ours' | 'stderr'} output */
async function build(args, output) {
  mkdirSync(WORK_DIR, { recursive: true })
  rmSync(STAMP, { force: true })
  // Taken before: what changes during the build makes it stale.
  const hash = currentHash()
  const code = await run([...tool('vite'), 'build', ...args], { output, withInput: false })
  // With options of its own it may be another build, in another place.
  if (code === 0 && args.length === 0) writeFileSync(STAMP, `${hash}\n`)
  return code
}
