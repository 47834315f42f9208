/** The second browser of the end-to-end tests, for the long ones: the system's Firefox, or Debian's from apt. */
import { canInstall, findProgram, install, installCommand } from './apt.mjs'

const PACKAGE = 'firefox-esr'

/** The system's browser, or null. */
export function findFirefox() {
  return findProgram([PACKAGE, 'firefox'])
}

/** Null once there is one, else what to type; its journey is skipped then. @returns {Promise<string | null>} */
export async function ensureFirefox() {
  if (findFirefox() !== null) return null
  if (canInstall() && (await install([PACKAGE])) && findFirefox() !== null) return null
  return `no Firefox, so its journey is skipped; to have one: ${installCommand([PACKAGE])}`
}
