import { afterEach, beforeEach, expect, test, vi } from 'vitest'

/** Modules that read the language when they load are loaded anew for each test. */
beforeEach(() => vi.resetModules())
afterEach(() => vi.unstubAllGlobals())

function speak(language: string, stored: string | null = null): void {
  vi.stubGlobal('document', {})
  vi.stubGlobal('navigator', { language })
  vi.stubGlobal('localStorage', { getItem: () => stored })
}

test.each([
  ['de-AT', null, 'Modell', '1.234 Zeilen', '45,6\u00A0%'],
  ['fr', null, 'Model', '1,234 rows', '45.6%'],
  ['en-US', 'de', 'Modell', '1.234 Zeilen', '45,6\u00A0%'],
  ['de', 'en', 'Model', '1,234 rows', '45.6%'],
])('a browser of %s with the choice %s', async (language, stored, model, rows, share) => {
  speak(language, stored)
  const { STEP_COPY } = await import('../../../src/app/copy.ts')
  const { formatPercent, formatPlural } = await import('../../../src/ui/format.ts')
  expect(STEP_COPY.model.name).toBe(model)
  expect(formatPlural(1234, 'row')).toBe(rows)
  expect(formatPercent(0.456, 1)).toBe(share)
})

test('an error says what to do in German, and keeps the value that the program named', async () => {
  speak('de')
  const { describeError } = await import('../../../src/ui/errorCopy.ts')
  const { title, detail } = describeError({ code: 'out-of-memory', message: 'the device has 3 bytes free' })
  expect(title).toBe('Der Speicher reicht nicht')
  expect(detail).toBe(
    'Schließen Sie andere Seiten und Programme, oder nehmen Sie einen kürzeren Prompt. Genauer (englisch): The device has 3 bytes free.',
  )
})

test('a public set is described in German where its entry has the words', async () => {
  speak('de')
  const { publicSetWords } = await import('../../../src/features/send/publicSetWords.ts')
  const set = { id: 'a', name: 'A', description: 'Short texts', licence: 'CC0-1.0', domain: 'news', rows: 1 }
  const german = { description: 'Kurze Texte', domain: 'Nachrichten' }
  expect(publicSetWords({ ...set, german })).toEqual(german)
  expect(publicSetWords(set)).toEqual({ description: 'Short texts', domain: 'news' })
})

test('off the page it is English', async () => {
  const { LANGUAGE } = await import('../../../src/ui/language.ts')
  expect(LANGUAGE).toBe('en')
})
