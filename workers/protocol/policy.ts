/**
 * Response headers by path. This is where the promise of the page is kept: a worker obeys the policy of its own
 * response, so the code that reads a person's rows has no network, whatever the page may do.
 */

/** Scripts that see private rows. They compile wasm, read blob: URLs that the page made, and nothing else. */
const WORKER_POLICY = "default-src 'none'; script-src 'wasm-unsafe-eval'; connect-src blob:"

/** The page. Charts set style attributes; nothing else is unsafe. `endpoint` is a host elsewhere, or ''. */
function pagePolicy(endpoint: string): string {
  return [
    "default-src 'self'",
    `connect-src 'self'${endpoint === '' ? '' : ` ${new URL(endpoint).origin}`}`,
    "style-src-attr 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "worker-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

const COMMON: Readonly<Record<string, string>> = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
}

/** Headers of a static file of the site, by its path (`/`, `/assets/x.js`, `/workers/tuner-1a2b.js`). */
export function siteHeaders(path: string, endpoint = ''): Readonly<Record<string, string>> {
  const policy = path.startsWith('/workers/') ? WORKER_POLICY : pagePolicy(endpoint)
  return { ...COMMON, 'Content-Security-Policy': policy }
}

/** Headers of an answer of the API: data, never a document. */
export const API_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
}
