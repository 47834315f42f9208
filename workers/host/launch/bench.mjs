/** `npm run bench`: the benchmark, in a process of its own. */
import { fileURLToPath } from 'node:url'
import process from 'node:process'
import { run } from './process.mjs'
import { say } from './say.mjs'
import { ensureVulkan } from './vulkan.mjs'

const MAIN = fileURLToPath(new URL('../../../tests/bench/main.ts', import.meta.url))

/** @param {readonly string[]} args */
export async function bench(args) {
  const missing = await ensureVulkan()
  if (missing !== null) say(missing)
  return await run([process.execPath, MAIN, ...args])
}
