/** The browser of the end-to-end tests: the system's, apt's, or Playwright's own. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { canInstall, findProgram, install, installCommand, isExecutable } from './apt.mjs'
import { run } from './process.mjs'
import { say } from './say.mjs'
import { tool } from './tool.mjs'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const MAC_APPS = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]
const DOWNLOAD_MS = 5 * 60_000

/** The system's browser, or null for Playwright's own. */
export function findChromium() {
  const file = MAC_APPS.find(isExecutable) ?? findProgram(NAMES)
  // Ubuntu's chromium-browser is a script that only says to take the snap.
  return file !== null && spawnSync(file, ['--version'], { stdio: 'ignore' }).status === 0 ? file : null
}

/** Null once there is a browser, else why not and what to type. @returns {Promise<string | null>} */
export async function ensureChromium() {
  if (findChromium() !== null || (await hasPlaywrights())) return null
  if (canInstall() && (await install(['chromium', 'fonts-liberation'])) && findChromium() !== null) return null
  say("installing Playwright's own browser")
  const download = [...tool('@playwright/test', 'playwright'), 'install', 'chromium']
  const code = await run(download, { output: 'stderr', withInput: false, timeoutMs: DOWNLOAD_MS })
  if (code === 0 && (await hasPlaywrights())) return null
  return `no browser, so the end-to-end tests are skipped; to have one: ${installCommand(['chromium'])}`
}

async function hasPlaywrights() {
  const { chromium } = await import('@playwright/test')
  return existsSync(chromium.executablePath())
}
