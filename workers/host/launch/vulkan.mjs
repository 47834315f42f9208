/** A GPU for the tests on Node: the machine's, or Mesa's software driver. */
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { canInstall, install, installCommand, installFromBackports } from './apt.mjs'
import { run } from './process.mjs'

const DRIVERS = ['mesa-vulkan-drivers', 'libvulkan1']
const PROBE = fileURLToPath(new URL('vulkanProbe.mjs', import.meta.url))
const PROBE_MS = 60_000

/** Null once Dawn finds an adapter, else why not and what to type. @returns {Promise<string | null>} */
export async function ensureVulkan() {
  if (await dawnFindsAdapter()) return null
  if (canInstall()) {
    if ((await install(DRIVERS)) && (await dawnFindsAdapter())) return null
    // Debian 12's own, Mesa 22.3, lacks what Dawn asks for (shaderUniform*ArrayDynamicIndexing).
    if ((await installFromBackports(DRIVERS)) && (await dawnFindsAdapter())) return null
  }
  return `Dawn finds no GPU driver, so the tests on it are skipped; to have one (Mesa 23 or newer): ${installCommand(DRIVERS)}`
}

/** In a process of its own, since Dawn keeps its process alive and takes it down when a driver crashes. */
async function dawnFindsAdapter() {
  return (await run([process.execPath, PROBE], { output: 'none', withInput: false, timeoutMs: PROBE_MS })) === 0
}
