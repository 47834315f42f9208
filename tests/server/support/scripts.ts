/** The scripted compute processes, in place of those that compute. */
export const SCRIPTS = {
  transfer: new URL('scriptedTransfer.ts', import.meta.url),
  classify: new URL('scriptedClassify.ts', import.meta.url),
}
