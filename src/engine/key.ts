/** The provider's key: from an invitation (`https://host/#key=…`) or pasted on the Send step. */
import { create } from 'zustand'
import { SoftpostError } from '../../workers/protocol/errors.ts'
import { readPreference, writePreference } from '../storage/preferences.ts'

/** What the host reads after "Bearer". */
const KEY = /^[\x21-\x7e]{8,512}$/

type KeyState = {
  readonly key: string | null
  /** Whether a reload will find the key again. */
  readonly kept: boolean
}

export const useKey = create<KeyState>(() => ({ key: null, kept: false }))

export function currentKey(): string | null {
  return useKey.getState().key
}

/** @throws SoftpostError `unauthorized` for text that cannot be a key. */
export async function setKey(typed: string): Promise<void> {
  const key = typed.trim()
  if (!KEY.test(key)) {
    throw new SoftpostError(
      'unauthorized',
      'this cannot be a key: keys have 8 to 512 characters without spaces; copy it again',
    )
  }
  useKey.setState({ key, kept: await keep(key) })
}

export async function forgetKey(): Promise<void> {
  useKey.setState({ key: null, kept: false })
  await keep(null)
}

/**
 * Called once when the page loads: takes a key out of the address bar, so that it is neither copied along with the
 * address nor left in the history, or else finds the one of last time.
 */
export async function restoreKey(): Promise<void> {
  const invited = takeFromAddress()
  if (invited !== null && KEY.test(invited)) return await setKey(invited)
  try {
    const key = await readPreference('hostKey')
    if (key !== undefined && key !== null && currentKey() === null) useKey.setState({ key, kept: true })
  } catch (error) {
    // Without storage there is no key of last time, and Send asks for it.
    if (!(error instanceof SoftpostError && error.code === 'storage')) throw error
  }
}

/** An invitation that is opened in a tab where the page is already changes the address alone, and loads nothing. */
export function followInvitations(): void {
  addEventListener('hashchange', () => {
    if (location.hash.includes('key=')) void restoreKey()
  })
}

function takeFromAddress(): string | null {
  const { href, hash } = location
  const parts = hash.slice(1).split('&')
  const mine = parts.find((part) => part.startsWith('key='))
  if (mine === undefined) return null
  const rest = parts.filter((part) => part !== mine).join('&')
  history.replaceState(history.state, '', `${href.slice(0, href.length - hash.length)}${rest === '' ? '' : `#${rest}`}`)
  try {
    return decodeURIComponent(mine.slice('key='.length))
  } catch {
    // A broken escape means a broken link: no key, and Send asks for one.
    return null
  }
}

async function keep(key: string | null): Promise<boolean> {
  try {
    await writePreference('hostKey', key)
    return key !== null
  } catch (error) {
    if (error instanceof SoftpostError && error.code === 'storage') return false
    throw error
  }
}
