/** What the page and its service worker say to each other, and what the build tells the service worker. */

/** A file of the site that is kept for use offline; `path` is relative to the site's folder. */
export type ShellFile = { readonly path: string; readonly sha256: string }

export type ShellManifest = {
  /** Changes with any file. */
  readonly version: string
  readonly files: readonly ShellFile[]
}

/** A request that the service worker made by itself, for the page's list of what left. */
export type ShellFetch = {
  readonly type: 'fetched'
  readonly path: string
  /** Milliseconds since 1970. */
  readonly at: number
  readonly bytesDown: number
  readonly status: number
}

/** The person wants the new version now. */
export type ShellCommand = { readonly type: 'take-over' }
