import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { currentKey, forgetKey, restoreKey, setKey, useKey } from '../../../src/engine/key.ts'
import { readPreference } from '../../../src/storage/preferences.ts'

const replaced: string[] = []

function visit(address: string) {
  replaced.length = 0
  const url = new URL(address)
  vi.stubGlobal('location', url)
  vi.stubGlobal('history', {
    state: null,
    replaceState: (_state: unknown, _title: string, next: string) => {
      replaced.push(next)
    },
  })
}

beforeEach(async () => {
  visit('https://host.example/')
  await forgetKey()
})

describe("the provider's key", () => {
  it('is taken out of an invitation, and the rest of the address stays', async () => {
    visit('https://host.example/?a=1#key=abcd%2Defgh-1234&send')
    await restoreKey()
    expect(currentKey()).toBe('abcd-efgh-1234')
    expect(replaced).toEqual(['https://host.example/?a=1#send'])
  })

  it('leaves no empty fragment behind', async () => {
    visit('https://host.example/#key=abcdefgh')
    await restoreKey()
    expect(replaced).toEqual(['https://host.example/'])
  })

  it('is found again after a reload, and not after it was forgotten', async () => {
    await setKey(' my-secret-key \n')
    expect(useKey.getState()).toEqual({ key: 'my-secret-key', kept: true })
    useKey.setState({ key: null, kept: false })
    await restoreKey()
    expect(currentKey()).toBe('my-secret-key')
    await forgetKey()
    await restoreKey()
    expect(currentKey()).toBeNull()
    expect(await readPreference('hostKey')).toBeNull()
  })

  it.each(['short', 'with a space in it', 'ключ-ключ-ключ', ''])(
    'refuses %j and keeps the one it has',
    async (typed) => {
      await setKey('good-key-1')
      await expect(setKey(typed)).rejects.toMatchObject({ code: 'unauthorized' })
      expect(currentKey()).toBe('good-key-1')
    },
  )

  it('ignores a broken invitation, and removes it from the address', async () => {
    visit('https://host.example/#key=%E0%A4%A')
    await restoreKey()
    expect(currentKey()).toBeNull()
    expect(replaced).toEqual(['https://host.example/'])
  })
})
