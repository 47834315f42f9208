import { expect, it } from 'vitest'
import { refusal } from '../../../src/engine/netErrors.ts'

const answer = (status: number, code: string) =>
  new Response(JSON.stringify({ error: { code, message: 'words of the host' } }), {
    status,
    headers: { 'Retry-After': '5' },
  })

it.each(['storage', 'out-of-memory', 'device-lost', 'no-backend', 'cancelled'])(
  'does not take %s of a host for this device',
  async (code) => {
    await expect(refusal(answer(503, code))).rejects.toMatchObject({
      code: 'busy',
      message: 'words of the host',
      data: { status: 503, retrySeconds: 5 },
    })
  },
)

it('says what else a host refuses by its own code', async () => {
  await expect(refusal(answer(422, 'certificate'))).rejects.toMatchObject({ code: 'certificate' })
  await expect(refusal(answer(500, 'internal'))).rejects.toMatchObject({ code: 'internal' })
})
