/** Whether the browser promises to keep what this site stores until the person deletes it. */

/** Asks for it; some browsers ask the person in turn. False where there is no such promise. */
export async function askForLastingStorage(): Promise<boolean> {
  return (await isStorageLasting()) || ((await navigator.storage?.persist?.()) ?? false)
}

export async function isStorageLasting(): Promise<boolean> {
  return (await navigator.storage?.persisted?.()) ?? false
}
