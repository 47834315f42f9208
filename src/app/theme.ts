/** Light, dark, or as the device says. Kept in localStorage, since it must be known before the first paint. */
import { create } from 'zustand'

export const THEMES = ['auto', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

const KEY = 'softpost-theme'

function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY)
    return THEMES.find((theme) => theme === value) ?? 'auto'
  } catch {
    // Storage is blocked: the device decides.
    return 'auto'
  }
}

export const useTheme = create<{ readonly theme: Theme }>(() => ({ theme: stored() }))

export function setTheme(theme: Theme): void {
  useTheme.setState({ theme })
  showTheme(theme)
  try {
    localStorage.setItem(KEY, theme)
  } catch {
    // Without storage the choice holds until the page is closed.
  }
}

export function showTheme(theme: Theme): void {
  if (theme === 'auto') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme
}
