/** The invitation, for the screen of the host's own machine and for nobody else: it holds the key. */
import type { Context, Hono } from 'hono'
import { getConnInfo } from '@hono/node-server/conninfo'
import { encode } from 'uqr'
import type { Invitation } from '../../protocol/wire.ts'
import { SoftpostError } from '../../protocol/errors.ts'
import { isLoopbackName } from './plainScreen.ts'
import { invitationOf, type Workshop } from './workshop.ts'

export function mountWorkshop(app: Hono, workshop: Workshop): void {
  app.get('/workshop/invitation', (c) => {
    const url = new URL(c.req.url)
    if (!isLoopbackName(url.hostname) || !isOwnMachine(c)) {
      throw new SoftpostError('not-found', 'the invitation is shown on the machine of the workshop alone')
    }
    const address = invitationOf(workshop, Number(url.port === '' ? 443 : url.port))
    const invitation: Invitation = {
      address,
      fingerprint: workshop.tls.fingerprint,
      // No border: the page draws the quiet zone.
      qr: encode(address, { ecc: 'M', border: 0 }).data.map((row) => row.map((dark) => (dark ? '1' : '0')).join('')),
    }
    return c.json(invitation)
  })
}

/** By the connection itself, whatever name was asked for. */
function isOwnMachine(c: Context): boolean {
  const { address = '' } = getConnInfo(c).remote
  return ['127.0.0.1', '::1', '::ffff:127.0.0.1'].includes(address)
}
