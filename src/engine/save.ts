/** Hands bytes to the browser's own download. Nothing leaves the device. */

/** Long after the browser has taken the bytes. */
const RELEASE_MS = 60_000

export function saveFile(name: string, type: string, bytes: Uint8Array<ArrayBuffer>): void {
  const url = URL.createObjectURL(new Blob([bytes], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), RELEASE_MS)
}
