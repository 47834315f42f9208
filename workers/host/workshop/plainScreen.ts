/** What http gets where a browser does not count it as secure: no worker, no storage, no page, but the way to https. */
const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])

export function isLoopbackName(name: string): boolean {
  return LOOPBACK_NAMES.has(name.toLowerCase())
}

export function plainScreen(request: Request): Response {
  const { host, pathname } = new URL(request.url)
  if (pathname !== '/') return new Response('this host is at https only', { status: 404, headers: HEADERS })
  const secure = `https://${escape(host)}/`
  const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Softpost needs a secure connection</title>
<main>
<h1>Softpost needs a secure connection</h1>
<p>Over plain http a browser gives a page no private storage and no worker of its own, so nothing is loaded here.</p>
<p><a href="${secure}">Open ${secure}</a></p>
<p>Your browser will warn you, because this machine vouches for itself. Compare the fingerprint that the browser shows
with the one on the screen of the workshop before you go on. Then scan the code on that screen again, since the key in
it did not come along.</p>
</main>
</html>
`
  return new Response(page, { headers: { ...HEADERS, 'Content-Type': 'text/html; charset=utf-8' } })
}

const HEADERS = {
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cache-Control': 'no-store',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
} as const

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (letter) => `&#${letter.codePointAt(0)};`)
}
