import { beforeEach, describe, expect, it } from 'vitest'
import { recordPageLoad, recordRequest, updateRequest, useEgress } from '../../../src/engine/egress.ts'
import { EGRESS_COPY } from '../../../src/features/egress/copy.ts'

beforeEach(() => useEgress.setState(useEgress.getInitialState(), true))

const get = { method: 'GET', address: '/v1/models', purpose: 'model-list', carries: 'nothing', bytesUp: 0 } as const
const send = {
  method: 'POST',
  address: '/v1/transfers',
  purpose: 'send-prompt',
  carries: 'prompt',
  bytesUp: 24_000,
} as const
const ask = {
  method: 'POST',
  address: '/v1/prompts/j/classify',
  purpose: 'classify-texts',
  carries: 'texts',
  bytesUp: 40,
} as const

const sentence = () => EGRESS_COPY.summary(useEgress.getState().totals)

describe('the egress ledger', () => {
  it('lists a request before its answer, and its answer afterwards', () => {
    const id = recordRequest(get)
    expect(useEgress.getState().entries).toMatchObject([{ ...get, status: 'open', bytesDown: 0 }])
    updateRequest(id, { status: 200, bytesDown: 17 })
    expect(useEgress.getState().entries).toMatchObject([{ ...get, status: 200, bytesDown: 17 }])
  })

  it('goes on counting when the list is full, and keeps the newest', () => {
    recordRequest(send)
    for (let i = 0; i < 600; i++) recordRequest({ ...get, address: `/v1/models?${i}` })
    const { entries, totals } = useEgress.getState()
    expect(entries).toHaveLength(500)
    expect(entries.at(-1)?.address).toBe('/v1/models?599')
    expect(totals).toEqual({ requests: 601, bytesUp: 24_000, withPrompt: 1, withTexts: 0 })
  })

  it('counts files of the page itself', () => {
    recordPageLoad({ at: 5, address: '/assets/index.js', bytesDown: 100, status: 200 })
    expect(useEgress.getState().totals.requests).toBe(1)
    expect(useEgress.getState().entries[0]).toMatchObject({ purpose: 'page', carries: 'nothing', bytesUp: 0 })
  })

  it('is told in one honest sentence', () => {
    recordRequest(get)
    expect(sentence()).toBe('This tab made 1 request. None of them carried anything of yours.')
    recordRequest(send)
    expect(sentence()).toBe('This tab made 2 requests. 1 request carried your prompt (24.0\u00A0KB in all).')
    expect(EGRESS_COPY.promise(useEgress.getState().totals)).toBe('Your file is read on this device only.')
    recordRequest(ask)
    expect(sentence()).toContain('1 request carried your prompt, and 1 request carried texts that you chose to send')
    expect(EGRESS_COPY.promise(useEgress.getState().totals)).toBe(
      'The file that you tune on is read on this device only.',
    )
  })
})
